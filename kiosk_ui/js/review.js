// The review queue of the till: what waits, the paper of the chosen one, and the decision.
// What was typed belongs to the chosen paper and is dropped with it; the staff number stays until
// the page is closed.

import { listen, send } from "./agent.js";
import { icon, list, loadIcons, mark, put, show, slot } from "./draw.js";
import { buildForm, command, drawForm, fill } from "./review/form.js";
import { drawQueue, neighbour } from "./review/queue.js";
import { buildReject, openReject } from "./review/reject.js";
import { chooseLanguage, loadWords, named, otherLanguage, problemText, t, translate }
  from "./words.js";

const STAFF = "staff";
const NAMES = { zh: "language.zh", en: "language.en" };
const FIELDS = {
  merchant: "review.read_merchant",
  number: "review.number",
  time: "review.time",
  total: "review.amount",
};
let queue = null;
let last = null;
let chosen = null;
let heard = null;
let told = null;

const current = () => queue?.waiting.find((it) => it.review_id === chosen) ?? null;

function draw() {
  if (!queue || !last) return;
  const item = current();
  put(document, "place", `${named(last.shop)} ${last.device}`.trim());
  put(document, "language", t(NAMES[otherLanguage()]));
  drawQueue(queue, chosen);
  drawPaper(item);
  show(slot(document, "decision"), item !== null);
  if (item) drawItem(item);
  drawTold();
  translate(document);
  mark(document.documentElement, "version", last.version);
  document.body.hidden = false;
}

function drawPaper(item) {
  const image = slot(document, "drawn");
  show(image, Boolean(item?.drawn));
  show(slot(document, "undrawn"), item !== null && !item.drawn);
  const address = item?.drawn ? `/api/review-paper/${item.review_id}` : "";
  if (image.getAttribute("src") === address) return;
  if (address) image.setAttribute("src", address);
  else image.removeAttribute("src");
}

function drawItem(item) {
  const reasons = slot(document, "asked");
  list(reasons, document.getElementById("reason"), item.why, (it) => it.code, (node, it) => {
    node.textContent = named(it);
  });
  show(slot(document, "read_title"), item.fields.length > 0);
  const template = document.getElementById("field");
  list(slot(document, "read"), template, item.fields, (it) => it.field, (node, it) => {
    put(node, "name", t(FIELDS[it.field]));
    put(node, "value", it.value);
    put(node, "line", it.line === it.value ? "" : it.line);
  });
  drawForm(item);
}

function drawTold() {
  const strip = slot(document, "told");
  show(strip, told !== null);
  if (!told) return;
  mark(strip, "tone", told.tone);
  icon(slot(document, "told_icon"), told.tone === "ok" ? "check" : "warn");
  put(document, "told_text", problemText(told.phrase));
}

async function refresh() {
  const answer = await fetch("/api/reviews").catch(() => null);
  if (!answer?.ok) return;
  queue = await answer.json();
  if (!current()) choose(queue.waiting[0]?.review_id ?? null);
  draw();
}

function choose(reviewId) {
  chosen = reviewId;
  const item = current();
  if (item) fill(item);
}

/** What came of a decision is the agent's next notice; a refusal to take it is said at once. */
async function order(message) {
  told = null;
  const problem = await send(message);
  if (problem) told = { tone: "error", phrase: problem };
  draw();
}

const staff = () => slot(document, "staff").value.trim();

function decide(extra = {}) {
  const item = current();
  if (item) order({ ...command(item, staff()), ...extra });
}

const leave = () => location.assign("/till");

const touches = {
  back: leave,
  language: () => chooseLanguage(otherLanguage()),
  choose: (node) => choose(node.closest("li").dataset.key),
  another: (node) => node.setAttribute("aria-pressed", node.ariaPressed !== "true"),
  member: () => order({
    do: "review_member", review_id: chosen, text: slot(document, "member").value.trim(),
  }),
  reject: () => openReject((why) => order({
    do: "review_reject", review_id: chosen, staff: staff(), why,
  })),
  close: (node) => node.closest("dialog").close(),
};

addEventListener("click", (event) => {
  const node = event.target.closest("[data-do]");
  const touched = touches[node?.dataset.do];
  if (!touched) return;
  touched(node);
  draw();
});

addEventListener("keydown", (event) => {
  const down = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (down && event.target.closest(".items")) {
    event.preventDefault();
    choose(neighbour(queue.waiting, chosen, down));
    draw();
    document.querySelector('.item[aria-current="true"]')?.focus();
  }
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    leave();
  }
});

await Promise.all([loadWords(), loadIcons()]);
slot(document, "staff").value = sessionStorage.getItem(STAFF) ?? "";
slot(document, "staff").addEventListener("change", () => sessionStorage.setItem(STAFF, staff()));
buildForm(decide, draw);
buildReject();
listen((snapshot) => {
  last = snapshot;
  const serial = snapshot.notice?.serial ?? 0;
  if (heard !== null && serial > heard) told = snapshot.notice;
  heard = serial;
  refresh();
}, () => show(slot(document, "lost"), true));
