// The sheet of keys that rises from the bottom, within reach: for a member number (digits) or the
// code of a claim slip (digits and letters), which count as scans; and for a PIN, which is covered.

import { send } from "../agent.js";
import { put, putOrHide, slot } from "../draw.js";
import { fours } from "../format.js";
import { buildKeys } from "../keypad.js";
import { problemText, t } from "../words.js";

const scan = (text) => ({ do: "scan", text });
const KINDS = {
  member: {
    keys: "digits",
    symbols: 12,
    title: "type.member",
    about: "type.member_about",
    order: scan,
  },
  claim: {
    keys: "symbols",
    symbols: 16,
    title: "type.claim",
    about: "type.claim_about",
    order: scan,
  },
  plate: {
    keys: "plate",
    symbols: 8,
    title: "type.plate",
    about: "type.plate_about",
    order: (plate) => ({ do: "plate", plate }),
    plain: true,
  },
  pin: {
    keys: "digits",
    symbols: 6,
    title: "type.pin",
    about: "type.pin_about",
    order: (pin) => ({ do: "prove", pin }),
    covered: true,
  },
};

let kind = KINDS.member;
let problem = null;

const dialog = slot(document, "type_dialog");
const input = slot(dialog, "code");

/** Prepares the sheet once; `redraw` is called after something in it changed. */
export function buildTyping(redraw) {
  input.addEventListener("input", inFours);
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.replaceAll(" ", "");
    if (text === "" && !kind.plain) return;
    problem = await send(kind.order(text));
    if (problem) redraw();
    else dialog.close();
  });
}

function inFours() {
  if (kind.plain) input.value = input.value.toUpperCase();
  else if (!kind.covered) input.value = fours(input.value, " ").toUpperCase();
}

export function openTyping(wanted) {
  kind = KINDS[wanted];
  problem = null;
  input.value = "";
  input.type = kind.covered ? "password" : "text";
  const gaps = kind.covered || kind.plain ? 0 : Math.ceil(kind.symbols / 4) - 1;
  input.maxLength = kind.symbols + gaps;
  const keys = slot(dialog, "keys");
  keys.className = "";
  buildKeys(keys, kind.keys, input, inFours);
  dialog.showModal();
  input.focus();
}

export function closeTyping() {
  dialog.close();
}

export function drawTyping() {
  put(dialog, "type_title", t(kind.title));
  put(dialog, "type_about", t(kind.about));
  putOrHide(dialog, "type_problem", problem && problemText(problem));
}
