// The list of recent receipts: what each earned, for whom, why, and what can still be put right.

import { agentNow, until } from "../countdown.js";
import { icon, list, mark, put, putOrHide, show, slot } from "../draw.js";
import { change, clockTime, money, points, shortNumber, tail } from "../format.js";
import { named, t } from "../words.js";

const EARNING = new Set(["sale", "refund"]);
const KINDS = { sale: "receipt", refund: "undo", review: "question", ignored: "receipt" };
const STATES = {
  awarded: { words: "state.awarded", icon: "check", tone: "ok" },
  claimed: { words: "state.claimed", icon: "check", tone: "ok" },
  waiting: { words: "state.waiting", icon: "clock", tone: "warn" },
  claim_slip: { words: "state.claim_slip", icon: "ticket", tone: "info" },
  taken_back: { words: "state.taken_back", icon: "undo", tone: "info" },
  reversed: { words: "state.reversed", icon: "undo", tone: "mute" },
  review: { words: "state.review", icon: "question", tone: "warn" },
  refused: { words: "state.refused", icon: "cross", tone: "warn" },
  ignored: { words: "state.ignored", icon: "cross", tone: "mute" },
  unsettled: { words: "state.unsettled", icon: "hourglass", tone: "warn" },
};
const SLIPS = {
  queued: "slip.queued",
  printed: "slip.printed",
  not_printed: "slip.not_printed",
  unknown: "slip.unknown",
};

const opened = new Set();
let sales = [];

const keyOf = (sale) => `${sale.fingerprint} ${sale.at_ms}`;

/** The sale whose row holds this node. */
export function saleOf(node) {
  const row = node.closest(".sale");
  return sales[[...row.parentElement.children].indexOf(row)];
}

/** Opens or closes the explanation of the row that holds this node. */
export function toggle(node) {
  const { key } = node.closest(".sale").dataset;
  if (!opened.delete(key)) opened.add(key);
}

/** Whether a sale's member may still be corrected, or its award taken back. */
export const correctable = (sale) => agentNow() < (sale.correctable_until_ms ?? 0);

export function drawRecent({ recent, reviews }) {
  sales = recent;
  list(slot(document, "sales"), document.getElementById("sale"), recent, keyOf, drawSale);
  show(slot(document, "nothing"), recent.length === 0);
  show(slot(document, "reviews"), reviews > 0);
  put(document, "reviews_text", t("recent.reviews", { count: points(reviews) }));
}

function drawSale(row, sale) {
  const state = STATES[sale.state];
  mark(row, "tone", state.tone);
  mark(row, "state", sale.state);
  icon(slot(row, "kind"), KINDS[sale.kind]);
  put(row, "amount", amount(sale));
  const when = clockTime(sale.printed_at) || ago(sale.at_ms);
  put(row, "number", [when, shortNumber(sale.number)].filter(Boolean).join(" · "));
  putOrHide(row, "holder", EARNING.has(sale.kind) ? holder(sale) : reason(sale));
  icon(slot(row, "state_icon"), state.icon);
  put(row, "state", t(state.words));
  put(row, "points", sale.points === null ? "" : change(sale.points));
  const open = opened.has(row.dataset.key);
  row.querySelector(".line").setAttribute("aria-expanded", open);
  show(slot(row, "details"), open);
  if (open) drawDetails(row, sale);
}

function amount(sale) {
  if (sale.amount !== null) return money(sale.amount, sale.currency);
  return t(sale.kind === "ignored" ? "recent.no_amount" : "recent.unread");
}

/** How long ago, by the agent's clock: a paper without a printed time has no local time. */
function ago(atMs) {
  const minutes = Math.floor((agentNow() - atMs) / 60_000);
  if (minutes < 1) return t("recent.just_now");
  if (minutes < 60) return t("recent.minutes_ago", { count: minutes });
  return t("recent.hours_ago", { count: Math.floor(minutes / 60) });
}

const reason = (sale) => (sale.why.length > 0 ? named(sale.why[0]) : "");

function holder(sale) {
  const person = sale.holder;
  const told = sale.kind === "refund" || sale.state === "refused";
  if (!person) return told ? reason(sale) : t("recent.nobody");
  return `${person.masked_name || t("member.new")} ${tail(person.number_tail)}`.trimEnd();
}

function drawDetails(row, sale) {
  const template = document.getElementById("reason");
  show(slot(row, "why"), sale.why.length > 0);
  list(slot(row, "why"), template, sale.why, (it) => named(it), (node, phrase) => {
    node.textContent = named(phrase);
  });
  putOrHide(row, "full", sale.number && t("recent.number", { number: sale.number }));
  put(row, "slip", t(sale.slip ? SLIPS[sale.slip.state] : "slip.none"));
  put(row, "synced", t(sale.synced ? "recent.synced" : "recent.unsynced"));
  const act = (name) => row.querySelector(`[data-do="${name}"]`);
  const open = correctable(sale);
  show(act("reassign"), open);
  show(act("reverse"), open && sale.holder !== null);
  show(act("reprint"), sale.slip !== null);
  show(slot(row, "window"), open);
  if (open) until(slot(row, "window"), sale.correctable_until_ms);
}
