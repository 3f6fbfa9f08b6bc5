// The till panel: what of a snapshot is drawn where, and what the cashier may touch.

import { openScreen, order, redraw } from "./screen.js";
import { buildAmount, drawAmount } from "./till/amount.js";
import { noteCoupon, openCouponBill } from "./till/coupon.js";
import { buildEntry, drawEntry, openEntry } from "./till/entry.js";
import { drawHeader, drawMute } from "./till/header.js";
import { drawNow } from "./till/now.js";
import { notePaying, openPaying } from "./till/paying.js";
import { drawRecent, saleOf, toggle } from "./till/recent.js";
import { drawRedeeming, redeemTouches } from "./till/redeeming.js";
import { buildReverse, drawReverse, openReverse } from "./till/reverse.js";

function draw(snapshot) {
  notePaying(snapshot);
  noteCoupon(snapshot);
  drawHeader(snapshot);
  drawNow(snapshot);
  drawRecent(snapshot);
  drawEntry();
  drawAmount();
  drawRedeeming(snapshot);
  drawReverse();
}

const touches = {
  type: () => openEntry({ do: "scan" }),
  open: toggle,
  reassign: (node) => openEntry({ do: "reassign", sale: saleOf(node) }),
  reverse: (node) => openReverse(saleOf(node)),
  reprint: (node) => order({ do: "reprint", slip_id: saleOf(node).slip.slip_id }),
  lookup_next: () => order({ do: "lookup_next" }),
  lookup_off: () => order({ do: "lookup_off" }),
  forget: () => order({ do: "forget" }),
  no_member: () => order({ do: "no_member" }),
  pay: () => order({ do: "pay" }),
  pay_type: openPaying,
  pay_pin: openPaying,
  pay_confirm: () => order({ do: "pay_confirm" }),
  pay_back_other: (node) => order({ do: "pay_take_back", why: node.textContent.trim() }),
  pay_back_wrong: (node) => order({ do: "pay_take_back", why: node.textContent.trim() }),
  ...redeemTouches,
  pay_leave: () => order({ do: "pay_leave" }),
  coupon_type: openCouponBill,
  coupon_used: () => order({ do: "coupon_used" }),
  coupon_back_unused: (node) => order({ do: "coupon_back", why: node.textContent.trim() }),
  coupon_back_wrong: (node) => order({ do: "coupon_back", why: node.textContent.trim() }),
  dismiss: () => order({ do: "dismiss" }),
  reviews: () => location.assign("/review"),
};

buildEntry(redraw);
buildAmount(redraw);
buildReverse(redraw);
await openScreen({ draw, touches, onSound: drawMute });
