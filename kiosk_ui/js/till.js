// The till panel: takes snapshots, draws them, sends what the cashier touches.

import { listen, send } from "./agent.js";
import { setClock, startCountdowns } from "./countdown.js";
import { loadIcons, mark } from "./draw.js";
import { follow, openSound } from "./sound.js";
import { drawHeader, drawLost, drawMute } from "./till/header.js";
import { buildEntry, drawEntry, openEntry } from "./till/entry.js";
import { drawNow, say } from "./till/now.js";
import { drawRecent, saleOf, toggle } from "./till/recent.js";
import { buildReverse, drawReverse, openReverse } from "./till/reverse.js";
import { chooseLanguage, loadWords, otherLanguage, translate } from "./words.js";

let last = null;

function draw() {
  if (!last) return;
  drawHeader(last);
  drawNow(last);
  drawRecent(last);
  drawEntry(last);
  drawReverse(last);
  translate(document);
  mark(document.documentElement, "version", last.version);
  document.body.hidden = false;
}

/** Sends a command from outside a dialog; a refusal is shown where notices are. */
async function order(command) {
  say(null);
  const problem = await send(command);
  say(problem);
  draw();
}

const touches = {
  language: () => chooseLanguage(otherLanguage()),
  type: () => openEntry({ do: "scan" }),
  open: (node) => toggle(node),
  reassign: (node) => openEntry({ do: "reassign", sale: saleOf(node) }),
  reverse: (node) => openReverse(saleOf(node)),
  reprint: (node) => order({ do: "reprint", slip_id: saleOf(node).slip.slip_id }),
  lookup_next: () => order({ do: "lookup_next" }),
  lookup_off: () => order({ do: "lookup_off" }),
  forget: () => order({ do: "forget" }),
  no_member: () => order({ do: "no_member" }),
  dismiss: () => order({ do: "dismiss" }),
  close: (node) => node.closest("dialog").close(),
};

addEventListener("click", (event) => {
  const node = event.target.closest("[data-do]");
  const touched = touches[node?.dataset.do];
  if (!touched) return;
  touched(node);
  draw();
});

await Promise.all([loadWords(), loadIcons()]);
buildEntry(draw);
buildReverse(draw);
startCountdowns(draw);
openSound(drawMute);
listen((snapshot) => {
  last = snapshot;
  setClock(snapshot.now_ms);
  follow(snapshot.sound);
  draw();
}, drawLost);
