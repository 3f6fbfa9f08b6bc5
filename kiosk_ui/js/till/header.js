// The top of the till panel: where this is, what is plugged in, and whether central is in reach.

import { icon, list, mark, put, show, slot } from "../draw.js";
import { points } from "../format.js";
import { audible } from "../sound.js";
import { drawStrips } from "../strips.js";
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
  drawStrips({
    unenrolled: !snapshot.enrolled && t("till.unenrolled"),
    offline: snapshot.enrolled && !snapshot.online && offline(snapshot),
    paper: paperTrouble(snapshot),
    scanner: snapshot.scanner_trouble && named(snapshot.scanner_trouble),
    trail: snapshot.trail && named(snapshot.trail),
    copies: snapshot.lost && t(copies(snapshot.lost), { count: points(snapshot.lost.jobs) }),
  });
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

function drawReach(snapshot) {
  const { online, queue } = snapshot;
  mark(slot(document, "link"), "online", online);
  icon(slot(document, "link_icon"), online ? "cloud" : "cloud-off");
  const sending = online && queue > 0;
  const key = sending ? "link.sending" : online ? "link.online" : "link.offline";
  put(document, "link_text", t(key, waiting(snapshot)));
}

const waiting = ({ queue }) => ({ count: points(queue) });

const offline = (snapshot) =>
  snapshot.queue > 0 ? t("link.offline_calm", waiting(snapshot)) : t("link.offline_empty");

/** What the POS's printer says of itself is more than we know of the one our slips go to. */
function paperTrouble({ printer: { state, why }, pos_printer: pos }) {
  if (pos?.paper === "out") return t("printer.out");
  if (pos?.cover === "open") return t("printer.cover");
  if (pos?.stalled) return t("printer.stalled");
  if (why && state !== "yes") return named(why);
  return state === "no" && t("printer.trouble");
}

/** Says that the browser keeps this page silent until it is touched once. */
export function drawMute() {
  show(slot(document, "mute"), !audible());
}

/** The words for papers without a copy: how many is not known where the power was cut. */
function copies(lost) {
  if (!lost.unknown) return "tap.lost";
  return lost.jobs ? "tap.lost_more" : "tap.lost_unknown";
}
