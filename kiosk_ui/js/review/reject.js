// Why a paper earns nothing: one of the usual reasons, or a person's own words.

import { put, slot } from "../draw.js";
import { t } from "../words.js";

const REASONS = [
  { words: "review.not_ours" },
  { words: "review.not_paid" },
  { words: "review.twice" },
  { words: "review.test" },
];
let taken = null;

const dialog = () => slot(document, "reject_dialog");

export function buildReject() {
  slot(document, "reject_form").addEventListener("submit", () => {
    taken(slot(document, "why_not").value.trim());
  });
  addEventListener("click", (event) => {
    const node = event.target.closest('[data-do="reason"]');
    if (!node) return;
    dialog().close();
    taken(node.textContent.trim());
  });
}

/** Asks for the reason and hands it to `take`; closing the dialog decides nothing. */
export function openReject(take) {
  taken = take;
  slot(document, "why_not").value = "";
  const template = document.getElementById("why_choice");
  slot(document, "reasons").replaceChildren(...REASONS.map((reason) => {
    const node = template.content.firstElementChild.cloneNode(true);
    put(node, "text", t(reason.words));
    return node;
  }));
  dialog().showModal();
}
