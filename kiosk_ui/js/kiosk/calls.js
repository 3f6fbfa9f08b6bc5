// Two calls: the visitor calls staff (a sign and a chime until somebody comes), and the kiosk asks
// whether the visitor is still there before it forgets them.

import { until } from "../countdown.js";
import { slot } from "../draw.js";
import { play } from "../sound.js";

const CHIME_MS = 4000;
const help = slot(document, "help_dialog");
const idle = slot(document, "idle_dialog");
let chimes = null;

export function buildCalls() {
  help.addEventListener("close", () => clearInterval(chimes));
  // Escape would hide the warning while time runs on.
  idle.addEventListener("cancel", (event) => event.preventDefault());
}

export function openHelp() {
  if (help.open) return;
  help.showModal();
  play("attention");
  chimes = setInterval(() => play("attention"), CHIME_MS);
}

export function drawCalls(snapshot) {
  const warned = snapshot.idle !== null;
  if (warned && !idle.open) idle.showModal();
  if (!warned && idle.open) idle.close();
  if (warned) until(idle, snapshot.idle.leaves_ms);
}
