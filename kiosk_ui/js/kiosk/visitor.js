// What one visitor chose for themselves, language and contrast, and forgetting it for the next.

import { mark } from "../draw.js";
import { resetLanguage } from "../words.js";

const KEY = "contrast";
const FORGET_MS = 60_000;
const TELL_MS = 5000;
let lastTouchMs = Date.now();
let lastToldMs = 0;
let atWelcome = true;

export function toggleContrast() {
  sessionStorage.setItem(KEY, highContrast() ? "normal" : "high");
}

const highContrast = () => sessionStorage.getItem(KEY) === "high";

/** Notes that somebody is there; true when it is time to tell the agent so. */
export function touched() {
  lastTouchMs = Date.now();
  if (lastTouchMs - lastToldMs < TELL_MS) return false;
  lastToldMs = lastTouchMs;
  return true;
}

/** Forgets the choices when the agent has forgotten the member. */
export function follow(before, now) {
  if (before && before.step !== "welcome" && now.step === "welcome") forget();
  atWelcome = now.step === "welcome";
}

function forget() {
  resetLanguage();
  sessionStorage.removeItem(KEY);
}

/** Applies the choices; on the first screen they end a minute after the last touch. */
export function drawVisitor() {
  if (atWelcome && Date.now() - lastTouchMs > FORGET_MS) forget();
  mark(document.documentElement, "contrast", highContrast() ? "high" : "normal");
}
