// Points as money: the card that leads through a payment.

import { put, putOrHide, show } from "../draw.js";
import { money, points } from "../format.js";
import { named, t } from "../words.js";
import { openAmount } from "./amount.js";

const TITLES = {
  amount: "pay.amount",
  offer: "pay.offer",
  prove: "pay.prove",
  working: "pay.working",
  awaited: "pay.awaited",
  raised: "pay.raised",
};
const TYPED = { amount: "pay_type", offer: "pay_type", prove: "pay_pin" };

let step = "";

/** Opens the dialog for the amount due, or for the PIN. */
export function openPaying() {
  const opened = TYPED[step];
  const secret = step === "prove";
  openAmount({
    title: secret ? "pay.pin" : "pay.due",
    secret,
    command: (text) => (secret ? { do: "prove", pin: text } : { do: "pay_bill", amount: text }),
    wanted: () => TYPED[step] === opened,
  });
}

/** Notes how far a payment is, for the card and for the dialog. */
export function notePaying({ paying }) {
  step = paying?.step ?? "";
}

export function drawPaying(card, { paying }) {
  put(card, "pay_title", t(TITLES[step]));
  putOrHide(card, "pay_who", paying.member && paying.member.masked_name);
  const pays = paying.amount !== "";
  putOrHide(card, "pay_figure", pays ? money(paying.amount, paying.currency) : "");
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
