// The one line that tells people something: why a command was refused, else what the agent says.

import { icon, mark, put, show, slot } from "./draw.js";
import { named, problemText } from "./words.js";

const TONES = { ok: "check", info: "info", warn: "warn", error: "cross" };
let problem = null;

/** Keeps what a refused command was answered, until the next command. */
export function say(refusal) {
  problem = refusal;
}

/** Shows the refusal, else `notice` of a snapshot, else nothing. */
export function drawNotice(notice) {
  const tone = problem ? "error" : notice?.tone;
  const node = slot(document, "notice");
  show(node, Boolean(tone));
  if (!tone) return;
  mark(node, "tone", tone);
  icon(slot(node, "notice_icon"), TONES[tone]);
  put(node, "notice_text", problem ? problemText(problem) : named(notice.phrase));
}
