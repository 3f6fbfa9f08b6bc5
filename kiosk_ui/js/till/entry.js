// The dialog for typed codes: a member, claim or voucher code like a scan, a balance look-up,
// or the right member for a sale that went to the wrong one.

import { send } from "../agent.js";
import { put, putOrHide, show, slot } from "../draw.js";
import { change, money } from "../format.js";
import { buildKeys } from "../keypad.js";
import { problemText, t } from "../words.js";
import { correctable } from "./recent.js";

let purpose = { do: "scan" };
let problem = null;

const dialog = slot(document, "type_dialog");
const input = slot(dialog, "code");

/** Prepares the dialog once; `redraw` is called after something in it changed. */
export function buildEntry(redraw) {
  buildKeys(slot(dialog, "digits"), "digits", input);
  buildKeys(slot(dialog, "letters"), "letters", input);
  const hand = async (command) => {
    if (input.value.trim() === "") return input.focus();
    problem = await send({ ...command, text: input.value.trim() });
    if (problem) redraw();
    else dialog.close();
  };
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const { sale } = purpose;
    hand(sale ? { do: "reassign", fingerprint: sale.fingerprint } : { do: "scan" });
  });
  slot(dialog, "type_lookup").addEventListener("click", () => hand({ do: "lookup" }));
}

/** Opens the dialog for {do: "scan"} or {do: "reassign", sale}. */
export function openEntry(wanted) {
  purpose = wanted;
  problem = null;
  input.value = "";
  dialog.showModal();
  input.focus();
}

export function drawEntry() {
  const { sale } = purpose;
  if (sale && dialog.open && !correctable(sale)) dialog.close();
  put(dialog, "type_title", t(sale ? "reassign.title" : "till.type_title"));
  put(dialog, "type_about", sale ? about(sale) : t("till.type_about"));
  put(dialog, "type_go", t(sale ? "reassign.go" : "till.type_go"));
  show(slot(dialog, "type_lookup"), !sale);
  putOrHide(dialog, "type_problem", problem && problemText(problem));
}

const about = (sale) =>
  t("reassign.about", {
    amount: money(sale.amount, sale.currency),
    points: change(sale.points ?? 0),
    name: sale.holder?.masked_name || t("recent.nobody"),
  });
