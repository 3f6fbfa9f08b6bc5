// What waits to be checked, and what was decided last.

import { list, put, putOrHide, show, slot } from "../draw.js";
import { money } from "../format.js";
import { named, t } from "../words.js";

const DECISIONS = {
  accepted: { words: "review.accepted" },
  corrected: { words: "review.corrected" },
  rejected: { words: "review.rejected" },
};

export function drawQueue(queue, chosen) {
  show(slot(document, "none"), queue.waiting.length === 0);
  const items = slot(document, "items");
  const template = document.getElementById("item");
  list(items, template, queue.waiting, (it) => it.review_id, (node, it) => {
    node.firstElementChild.setAttribute("aria-current", it.review_id === chosen);
    put(node, "amount", amountOf(it));
    putOrHide(node, "when", it.printed_at || clock(it.at_ms));
    putOrHide(node, "why", it.why.length ? named(it.why[0]) : "");
  });
  show(slot(document, "closed_title"), queue.closed.length > 0);
  const done = document.getElementById("done");
  list(slot(document, "closed"), done, queue.closed, (it) => it.review_id, (node, it) => {
    put(node, "amount", amountOf(it));
    put(node, "state", t(DECISIONS[it.decision].words));
    put(node, "who", who(it));
  });
}

/** The item above or below the chosen one; the ends hold. */
export function neighbour(waiting, chosen, step) {
  const place = waiting.findIndex((it) => it.review_id === chosen) + step;
  return waiting[Math.min(Math.max(place, 0), waiting.length - 1)].review_id;
}

function amountOf(it) {
  return it.amount === null ? t("recent.no_amount") : money(it.amount, it.currency);
}

function who({ staff, at_central, superseded }) {
  const by = t(at_central ? "review.by_central" : "review.by", { staff });
  return superseded ? `${by} · ${t("review.superseded")}` : by;
}

const clock = (ms) => new Date(ms).toTimeString().slice(0, 5);
