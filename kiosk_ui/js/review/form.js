// The form of the decision: filled with what was read; what a person changes is marked.

import { mark, put, show, slot } from "../draw.js";
import { t } from "../words.js";

const INPUTS = ["owed", "kind", "bill", "printed"];
let filled = {};

const input = (name) => slot(document, name);
const form = () => slot(document, "form");

export function buildForm(decide, draw) {
  form().addEventListener("submit", (event) => {
    event.preventDefault();
    decide();
  });
  form().addEventListener("input", draw);
}

/** Puts what was read into the form; called when another paper is chosen. */
export function fill(item) {
  filled = {
    owed: item.amount ?? "",
    kind: item.kind,
    bill: item.number,
    printed: item.printed_at,
  };
  for (const name of INPUTS) input(name).value = filled[name];
  input("member").value = "";
  input("another").setAttribute("aria-pressed", "false");
}

export function drawForm(item) {
  for (const name of INPUTS) mark(input(name), "changed", changed(name));
  const same = item.acceptable && !INPUTS.some(changed);
  put(document, "confirm_text", t(same ? "review.accept" : "review.correct"));
  const { holder } = item;
  const name = holder?.new_card ? t("member.new") : holder?.masked_name;
  put(document, "holder", holder ? t("review.member_is", { name }) : t("review.member_none"));
  show(input("another"), item.why.some((it) => it.code === "same_number") || asked());
}

/** The command that this form means: the paper as it was read, or what a person changed. */
export function command(item, staff) {
  const base = { review_id: item.review_id, staff, another: pressed() };
  if (item.acceptable && !INPUTS.some(changed)) return { do: "review_accept", ...base };
  return {
    do: "review_correct",
    ...base,
    amount: input("owed").value.trim(),
    kind: input("kind").value,
    number: input("bill").value.trim(),
    printed_at: input("printed").value.trim(),
  };
}

const changed = (name) => input(name).value.trim() !== filled[name];
const pressed = () => input("another").getAttribute("aria-pressed") === "true";
/** The agent has said that this receipt earned already: a person may say that it is another. */
const asked = () => !slot(document, "told").hidden || pressed();
