// A coupon that is kept for a bill: the card that says what to key in, and what became of it.

import { put, putOrHide, show } from "../draw.js";
import { money } from "../format.js";
import { named, t } from "../words.js";
import { openAmount } from "./amount.js";

const TITLES = { amount: "coupon.amount", awaited: "coupon.awaited", raised: "coupon.raised" };

let step = "";

export function openCouponBill() {
  openAmount({
    title: "coupon.due",
    secret: false,
    command: (amount) => ({ do: "coupon_bill", amount }),
    wanted: () => step === "amount" || step === "awaited",
  });
}

/** Notes whether a coupon is kept, for the dialog. */
export function noteCoupon({ coupon }) {
  step = coupon?.step ?? "";
}

export function drawCoupon(card, { coupon }) {
  put(card, "coupon_title", t(TITLES[step]));
  put(card, "coupon_name", named(coupon));
  // Once it is typed, what is to be keyed in matters, and a small screen has room for no more.
  const typing = step === "amount";
  putOrHide(card, "coupon_terms", typing ? named(coupon.terms) : "");
  const off = coupon.amount ? `−${money(coupon.amount, coupon.currency)}` : "";
  putOrHide(card, "coupon_figure", off);
  const due = coupon.due ? money(coupon.due, coupon.currency) : "";
  putOrHide(card, "coupon_due", off && step === "awaited" ? t("coupon.about", { due }) : "");
  putOrHide(card, "coupon_until", typing ? t("coupon.until", { until: coupon.until }) : "");
  putOrHide(card, "coupon_why", coupon.why && named(coupon.why));
  const act = (name) => card.querySelector(`[data-do="${name}"]`);
  act("coupon_type").classList.toggle("strong", typing);
  show(act("coupon_type"), step !== "raised");
  show(act("coupon_used"), step === "raised");
  show(act("coupon_back_unused"), step !== "raised");
  show(act("coupon_back_wrong"), step === "raised");
}
