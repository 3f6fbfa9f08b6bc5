// The top of the till panel: where this is, what is plugged in, and whether central is in reach.

import { icon, list, mark, put, show, slot } from "../draw.js";
import { points } from "../format.js";
import { audible } from "../sound.js";
import { named, otherLanguage, t } from "../words.js";

const DEVICES = [
  { part: "printer", words: "device.printer", icon: "printer" },
  { part: "scanner", words: "device.scanner", icon: "scan" },
  { part: "tap", words: "device.tap", icon: "tap" },
];
const STATES = {
  yes: { words: "device.yes", icon: "check" },
  no: { words: "device.no", icon: "cross" },
  unknown: { words: "device.unknown", icon: "question" },
};
const LANGUAGE_NAMES = { zh: "language.zh", en: "language.en" };

export function drawHeader(snapshot) {
  put(document, "shop", named(snapshot.shop) || t("till.title"));
  put(document, "device", snapshot.device);
  put(document, "language", t(LANGUAGE_NAMES[otherLanguage()]));
  drawDevices(snapshot);
  drawReach(snapshot);
  show(slot(document, "unenrolled"), !snapshot.enrolled);
  show(slot(document, "offline"), snapshot.enrolled && !snapshot.online);
  drawPaper(snapshot.printer);
}

function drawDevices(snapshot) {
  const state = (part) => (part === "printer" ? snapshot.printer.state : snapshot[part]);
  const template = document.getElementById("device");
  list(slot(document, "devices"), template, DEVICES, (it) => it.part, (node, device) => {
    const now = STATES[state(device.part)];
    mark(node, "state", state(device.part));
    node.title = `${t(device.words)}: ${t(now.words)}`;
    node.setAttribute("aria-label", node.title);
    put(node, "name", t(device.words));
    icon(slot(node, "what"), device.icon);
    icon(slot(node, "state"), now.icon);
  });
}

function drawReach({ online, queue }) {
  mark(slot(document, "link"), "online", online);
  icon(slot(document, "link_icon"), online ? "cloud" : "cloud-off");
  const count = { count: points(queue) };
  const waiting = online && queue > 0;
  const key = waiting ? "link.sending" : online ? "link.online" : "link.offline";
  put(document, "link_text", t(key, count));
  put(document, "offline_text", t("link.offline_calm", count));
}

function drawPaper(printer) {
  const troubled = printer.state === "no" || (printer.state === "unknown" && printer.why !== null);
  show(slot(document, "paper"), troubled);
  if (!troubled) return;
  put(document, "paper_text", printer.why ? named(printer.why) : t("printer.trouble"));
}

/** Says that the agent on this machine does not answer: what is on the screen may be old. */
export function drawLost() {
  show(slot(document, "lost"), true);
  mark(document.documentElement, "stale", true);
}

/** Says that the browser keeps this page silent until it is touched once. */
export function drawMute() {
  show(slot(document, "mute"), !audible());
}
