// What both pages do alike: take snapshots, draw them, send what is touched.

import { listen, send } from "./agent.js";
import { setClock, startCountdowns } from "./countdown.js";
import { loadIcons, mark } from "./draw.js";
import { say } from "./notice.js";
import { follow, openSound } from "./sound.js";
import { loseAgent } from "./strips.js";
import { chooseLanguage, loadWords, otherLanguage, translate } from "./words.js";

let last = null;
let draw = () => {};

/** Draws the newest snapshot again, after something on the page itself changed. */
export function redraw() {
  if (!last) return;
  draw(last);
  translate(document);
  mark(document.documentElement, "version", last.version);
  document.body.hidden = false;
}

/** Sends a command from outside a dialog; a refusal is shown where notices are. */
export async function order(command) {
  say(null);
  say(await send(command));
  redraw();
}

const common = {
  language: () => chooseLanguage(otherLanguage()),
  close: (node) => node.closest("dialog").close(),
};

/**
 * Opens the page. `page` draws a snapshot, says what a touch on each data-do does, and may hear
 * of a snapshot (the one before, and the new one) or of sound that was let through or not.
 */
export async function openScreen(page) {
  draw = page.draw;
  const touches = { ...common, ...page.touches };
  addEventListener("click", (event) => {
    const node = event.target.closest("[data-do]");
    const touched = touches[node?.dataset.do];
    if (!touched) return;
    touched(node);
    redraw();
  });
  await Promise.all([loadWords(), loadIcons()]);
  startCountdowns(redraw);
  openSound(page.onSound ?? (() => {}));
  listen((snapshot) => {
    page.onSnapshot?.(last, snapshot);
    last = snapshot;
    setClock(snapshot.now_ms);
    follow(snapshot.sound);
    redraw();
  }, () => {
    loseAgent();
    redraw();
  });
}
