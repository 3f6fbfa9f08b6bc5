// Keys on the screen for typed codes. Letters are those of Crockford's base 32, which our codes
// are written in: no I, L, O or U, so nothing on the pad can be mistaken for a digit.

import { icon } from "./draw.js";
import { translate } from "./words.js";

const DIGITS = [..."123456789", "clear", "0", "back"];
const AMOUNT = [..."123456789", ".", "0", "back"];
const LETTERS = [..."ABCDEFGHJKMNPQRSTVWXYZ"];
const SYMBOLS = [..."0123456789", ...LETTERS, "clear", "back"];
const PROVINCES = [..."京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"];
const PLATE = [..."0123456789ABCDEFGHJKLMNPQRSTUVWXYZ挂学警港澳"];
const EDITS = { clear: () => "", back: (text) => text.slice(0, -1) };

/**
 * Fills `place` with keys that type into `input`: "digits" (3 by 4 with clear and back), "amount",
 * "letters", "symbols" (all 32 with clear and back), or "plate", which begins with a province.
 * Calls onEdit after each key.
 */
export function buildKeys(place, kind, input, onEdit = () => {}) {
  if (kind === "plate") return buildPlate(place, input, onEdit);
  const keys = { digits: DIGITS, amount: AMOUNT, letters: LETTERS, symbols: SYMBOLS }[kind];
  place.classList.add("keys", `keys-${kind === "amount" ? "digits" : kind}`);
  place.replaceChildren(...keys.map((key) => button(key, input, onEdit)));
}

function buildPlate(place, input, onEdit) {
  const begins = input.value.trim() === "";
  const keys = [...(begins ? PROVINCES : PLATE), "clear", "back"];
  place.classList.add("keys", "keys-plate");
  const edited = () => {
    onEdit();
    if ((input.value.trim() === "") !== begins) buildPlate(place, input, onEdit);
  };
  place.replaceChildren(...keys.map((key) => button(key, input, edited)));
  translate(place);
}

function button(key, input, onEdit) {
  const node = document.createElement("button");
  node.type = "button";
  node.className = "key";
  node.dataset.press = key;
  if (key === "clear") node.dataset.t = "keypad.clear";
  else if (key === "back") drawBackspace(node);
  else node.textContent = key;
  node.addEventListener("click", () => {
    press(key, input);
    onEdit();
  });
  return node;
}

function drawBackspace(node) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("class", "icon");
  icon(drawing, "backspace");
  node.append(drawing);
  node.dataset.tLabel = "keypad.back";
}

/** Applies one key to an input, within its maximum length. */
export function press(key, input) {
  const edit = EDITS[key];
  const next = edit ? edit(input.value.trimEnd()) : input.value + key;
  if (next.length <= input.maxLength) input.value = next;
}
