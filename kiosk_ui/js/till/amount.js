// The dialog in which a cashier types an amount due or a plate, or a member a PIN: what is typed
// becomes one command, and a PIN leaves no trace.

import { send } from "../agent.js";
import { put, putOrHide, slot } from "../draw.js";
import { buildKeys } from "../keypad.js";
import { problemText, t } from "../words.js";

const dialog = slot(document, "pay_dialog");
const input = slot(dialog, "pay_input");

let asked = null; // what is asked for: { title, secret, keys, may_lack, command: text => order }
let problem = null;

/** Prepares the dialog once; `redraw` is called after something in it changed. */
export function buildAmount(redraw) {
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === "" && !asked.may_lack) return input.focus();
    problem = await send(asked.command(text));
    if (asked.secret) input.value = "";
    if (problem) redraw();
    else dialog.close();
  });
}

export function openAmount(what) {
  asked = what;
  problem = null;
  input.value = "";
  const keys = slot(dialog, "pay_keys");
  keys.className = "";
  buildKeys(keys, what.keys ?? "amount", input);
  input.type = what.secret ? "password" : "text";
  dialog.showModal();
  input.focus();
}

/** Draws the dialog; it closes once what it asked for is not wanted any more. */
export function drawAmount() {
  if (!dialog.open) return;
  if (!asked.wanted()) return dialog.close();
  put(dialog, "pay_dialog_title", t(asked.title));
  putOrHide(dialog, "pay_problem", problem && problemText(problem));
}
