// The left half of the till panel: who the next sale is for, or what a scan would do now.
// One card at a time, the most urgent first: a voucher's verdict, a look-up, a coupon, a payment,
// the waiting member, the unclaimed sale, and else an invitation to scan.

import { until } from "../countdown.js";
import { icon, mark, put, putOrHide, show, slot, view } from "../draw.js";
import { money, points, tail } from "../format.js";
import { drawNotice } from "../notice.js";
import { named, t } from "../words.js";
import { drawCoupon } from "./coupon.js";
import { drawPaying } from "./paying.js";

// Who waits for a sale and who was looked up are shown alike.
for (const place of document.querySelectorAll('[data-place="person"]')) {
  place.replaceWith(personCard());
}

/** The lines that say who somebody is and what they have. */
export function personCard() {
  return document.getElementById("person").content.cloneNode(true);
}

export function drawNow(snapshot) {
  const hero = slot(document, "hero");
  const name = cardFor(snapshot);
  const card = hero.querySelector(`:scope > [data-view="${name}"]`);
  view(hero, name);
  mark(hero, "now", name);
  const draw = {
    voucher: drawVoucher,
    found: drawFound,
    coupon: drawCoupon,
    paying: drawPaying,
    member: drawMember,
    waiting: drawWaiting,
  };
  draw[name]?.(card, snapshot);
  mark(slot(document, "lookup"), "armed", Boolean(snapshot.lookup?.armed));
  show(slot(document, "lookup"), !snapshot.lookup?.armed);
  drawNotice(snapshot.notice);
}

function cardFor({ voucher, lookup, coupon, paying, member, waiting }) {
  if (voucher) return "voucher";
  if (lookup?.result) return "found";
  if (lookup?.armed) return "armed";
  if (coupon) return "coupon";
  if (paying?.step) return "paying";
  if (member) return "member";
  return waiting ? "waiting" : "idle";
}

function drawWaiting(card, { waiting }) {
  const amount = money(waiting.amount, waiting.currency);
  put(card, "amount", amount);
  put(card, "offer", t("till.offer"));
  put(card, "worth", t("till.worth", { points: points(waiting.points_basis) }));
  put(card, "number", waiting.number ?? "");
  until(card, waiting.until_ms);
}

function drawMember(card, { member, paying }) {
  show(card.querySelector('[data-do="pay"]'), Boolean(paying));
  drawPerson(card, member);
  until(card, member.expires_ms);
}

function drawFound(card, { lookup }) {
  drawPerson(card, lookup.result);
}

export function drawPerson(card, member) {
  put(card, "name", member.masked_name || t("member.new"));
  putOrHide(card, "tier", member.tier && named(member.tier));
  put(card, "tail", t("member.tail", { tail: tail(member.number_tail) }));
  const known = member.balance !== null;
  mark(card, "known", known);
  put(card, "balance", known ? points(member.balance) : t("member.unknown_balance"));
  putOrHide(card, "balance_unit", known ? t("points") : "");
  const pending = member.pending > 0 && t("member.pending", { points: points(member.pending) });
  putOrHide(card, "more", member.new_card ? t("member.new_more") : pending || "");
}

function drawVoucher(card, { voucher }) {
  mark(card, "accepted", voucher.accepted);
  icon(slot(card, "verdict_icon"), voucher.accepted ? "check" : "cross");
  put(card, "verdict", t(voucher.accepted ? "voucher.accepted" : "voucher.refused"));
  putOrHide(card, "reward", voucher.reward && named(voucher.reward));
  put(card, "why", named(voucher.phrase));
  putOrHide(card, "code", voucher.code_tail && t("voucher.tail", { tail: voucher.code_tail }));
}
