// Points as money: the card that leads through a payment, and the dialog for amount and PIN.

import { send } from "../agent.js";
import { put, putOrHide, show, slot } from "../draw.js";
import { money, points } from "../format.js";
import { buildKeys } from "../keypad.js";
import { named, problemText, t } from "../words.js";

const TITLES = {
  amount: "pay.amount",
  offer: "pay.offer",
  prove: "pay.prove",
  working: "pay.working",
  awaited: "pay.awaited",
  raised: "pay.raised",
};
const TYPED = { amount: "pay_type", offer: "pay_type", prove: "pay_pin" };

let problem = null;
let step = "";

const dialog = slot(document, "pay_dialog");
const input = slot(dialog, "pay_input");

/** Prepares the dialog once; `redraw` is called after something in it changed. */
export function buildPaying(redraw) {
  buildKeys(slot(dialog, "pay_keys"), "amount", input);
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text === "") return input.focus();
    const pin = step === "prove";
    problem = await send(pin ? { do: "prove", pin: text } : { do: "pay_bill", amount: text });
    if (pin) input.value = "";
    if (problem) redraw();
    else dialog.close();
  });
}

/** Opens the dialog for the amount due, or for the PIN. */
export function openPaying() {
  problem = null;
  input.value = "";
  input.type = step === "prove" ? "password" : "text";
  dialog.showModal();
  input.focus();
}

export function drawPaying(card, { paying }) {
  step = paying.step;
  put(card, "pay_title", t(TITLES[step]));
  putOrHide(card, "pay_who", paying.member && paying.member.masked_name);
  const pays = paying.amount !== "";
  putOrHide(card, "pay_figure", pays && money(paying.amount, paying.currency));
  const due = paying.due && money(paying.due, paying.currency);
  const about = pays && t("pay.about", { points: points(paying.points), due });
  putOrHide(card, "pay_about", about || "");
  putOrHide(card, "pay_why", paying.why && named(paying.why));
  const act = (name) => card.querySelector(`[data-do="${name}"]`);
  const paid = step === "awaited" || step === "raised";
  for (const name of ["pay_type", "pay_pin"]) show(act(name), TYPED[step] === name);
  show(act("pay_confirm"), step === "offer");
  show(act("dismiss"), !paid && step !== "working");
  show(act("pay_back_other"), paid);
  show(act("pay_back_wrong"), paid);
  show(act("pay_leave"), step === "raised");
}

export function drawPayingDialog() {
  if (!dialog.open) return;
  if (!(step in TYPED)) return dialog.close();
  put(dialog, "pay_dialog_title", t(step === "prove" ? "pay.pin" : "pay.due"));
  putOrHide(dialog, "pay_problem", problem && problemText(problem));
}
