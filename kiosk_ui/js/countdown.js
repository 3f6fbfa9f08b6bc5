// The only thing on the screen that moves without a new snapshot: time running out.
// Every element marked data-until (the agent's wall clock, ms) gets --left, the share of
// data-span-s that is left, and its data-as="left" slot the time. The agent decides when time is
// up; a countdown at zero only waits for the next snapshot.

import { timeLeft } from "./format.js";

const TICK_MS = 250;
let aheadMs = 0;
let onTick = () => {};

/** Takes the agent's clock from a snapshot, so that a browser's own clock does not matter. */
export function setClock(nowMs) {
  aheadMs = nowMs - Date.now();
}

export const agentNow = () => Date.now() + aheadMs;

export function until(node, endMs) {
  node.dataset.until = endMs;
  draw(node);
}

function draw(node) {
  const leftMs = Number(node.dataset.until) - agentNow();
  const share = leftMs / (Number(node.dataset.spanS) * 1000);
  node.style.setProperty("--left", Math.min(1, Math.max(0, share)).toFixed(3));
  const text = timeLeft(leftMs);
  const left = node.querySelector('[data-as="left"]');
  if (left && left.textContent !== text) left.textContent = text;
}

function tick() {
  document.querySelectorAll("[data-until]").forEach(draw);
  onTick();
}

/** Starts the clock; also calls `every` at each tick, for what ends by time on the page itself. */
export function startCountdowns(every = () => {}) {
  onTick = every;
  setInterval(tick, TICK_MS);
}
