// Around every step of the kiosk: whose kiosk this is, what does not work now and why, notices,
// and the row of choices at the bottom.

import { icon, mark, put, show, slot } from "../draw.js";
import { named, otherLanguage, problemText, t } from "../words.js";

const TONES = { info: "info", warn: "warn", error: "cross" };
const LANGUAGE_NAMES = { zh: "language.zh", en: "language.en" };
let problem = null;

/** Keeps what a refused command was answered, until the next command. */
export function say(refusal) {
  problem = refusal;
}

export function drawFrame(snapshot) {
  put(document, "programme", snapshot.programme || t("kiosk.title"));
  put(document, "shop", named(snapshot.shop));
  put(document, "language", t(LANGUAGE_NAMES[otherLanguage()]));
  show(slot(document, "unenrolled"), !snapshot.enrolled);
  show(slot(document, "offline"), snapshot.enrolled && !snapshot.online);
  show(slot(document, "paper"), snapshot.printer.state === "no");
  show(slot(document, "leave"), snapshot.member !== null && snapshot.step !== "working");
  drawNotice(snapshot);
}

/** What went well, refusals and claims have screens of their own; the rest is said here. */
function drawNotice({ notice, step, claim, claim_waits: claimWaits }) {
  const node = slot(document, "notice");
  const invited = claimWaits && notice?.tone === "info";
  const told = step === "refused" || claim !== null || invited || notice?.tone === "ok";
  const shown = problem || (!told && notice);
  show(node, Boolean(shown));
  if (!shown) return;
  const tone = problem ? "error" : notice.tone;
  mark(node, "tone", tone);
  icon(slot(node, "notice_icon"), TONES[tone]);
  put(node, "notice_text", problem ? problemText(problem) : named(notice.phrase));
}

/** Says that the agent on this machine does not answer: what is on the screen may be old. */
export function drawLost() {
  show(slot(document, "lost"), true);
  mark(document.documentElement, "stale", true);
}
