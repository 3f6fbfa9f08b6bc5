// The paper under a printer: the newest piece comes out of the slot, older ones lie below it.

import { make } from "./parts.js";
import { t } from "./words.js";

const SHOWN = 8;

/**
 * Shows papers (newest first) in `roll`. `actions` maps a kind of slip to what can be done with
 * its newest piece: [words key, callback].
 */
export function showPapers(roll, station, papers, actions, enlarge) {
  const wanted = papers.slice(0, SHOWN);
  const keys = new Set(wanted.map((paper) => key(paper)));
  for (const node of [...roll.children]) if (!keys.has(node.dataset.key)) node.remove();
  const newestOf = {};
  let after = null;
  for (const paper of wanted) {
    let node = [...roll.children].find((each) => each.dataset.key === key(paper));
    if (!node) {
      node = piece(station, paper, enlarge);
      roll.insertBefore(node, after ? after.nextSibling : roll.firstChild);
    }
    label(node, paper, newestOf[paper.kind] ? null : actions[paper.kind]);
    newestOf[paper.kind] = true;
    after = node;
  }
}

const key = (paper) => `${paper.number}-${paper.cut}-${paper.cut ? "" : paper.at_ms}`;

function piece(station, paper, enlarge) {
  const node = make("li", `piece ${paper.kind === "pos" ? "" : "ours"}`);
  node.dataset.key = key(paper);
  const picture = make("img");
  picture.src = `/paper/${station}/${paper.number}.svg?${paper.at_ms}`;
  picture.addEventListener("load", () => node.classList.add("out"));
  picture.addEventListener("click", () => enlarge(picture.src));
  const feed = make("div", "feed");
  feed.append(picture);
  node.append(make("div", "tag"), feed);
  return node;
}

function label(node, paper, action) {
  const tag = node.firstChild;
  const wanted = `${t(`kind_${paper.kind}`)}|${action ? t(action[0]) : ""}`;
  if (tag.dataset.shown === wanted) return;
  tag.dataset.shown = wanted;
  tag.replaceChildren(make("span", "kind", t(`kind_${paper.kind}`)));
  node.querySelector("img").alt = t(`kind_${paper.kind}`);
  if (!action) return;
  const button = make("button", "", t(action[0]));
  button.type = "button";
  button.addEventListener("click", action[1]);
  tag.append(button);
}
