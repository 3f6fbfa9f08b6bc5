// The strips under the bar: what does not work now, one below the other, the worst first.

import { icon, mark, put, show, slot } from "./draw.js";
import { t } from "./words.js";

const STRIPS = [
  { part: "lost", tone: "error", icon: "warn" },
  { part: "unenrolled", tone: "warn", icon: "warn" },
  { part: "offline", tone: "calm", icon: "cloud-off" },
  { part: "paper", tone: "warn", icon: "printer" },
  { part: "scanner", tone: "warn", icon: "scan" },
  { part: "copies", tone: "warn", icon: "receipt" },
  { part: "trail", tone: "warn", icon: "receipt" },
];
let lost = false;

/** Shows a strip for each part that has words; a part without any works. */
export function drawStrips(words) {
  const said = { ...words, lost: lost && t("agent.lost") };
  const template = document.getElementById("strip");
  const strips = slot(document, "strips");
  for (const strip of STRIPS) {
    const node = strips.querySelector(`[data-as="${strip.part}"]`) ?? make(strip, strips, template);
    show(node, Boolean(said[strip.part]));
    if (said[strip.part]) put(node, "text", said[strip.part]);
  }
}

function make({ part, tone, icon: name }, strips, template) {
  const node = strips.appendChild(template.content.firstElementChild.cloneNode(true));
  mark(node, "as", part);
  mark(node, "tone", tone);
  icon(slot(node, "icon"), name);
  return node;
}

/** From now on the agent on this machine does not answer: what is on the screen may be old. */
export function loseAgent() {
  lost = true;
  mark(document.documentElement, "stale", true);
}
