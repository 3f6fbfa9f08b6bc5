// How a member's activity went: registered here, credited by central, or refused with the reason.

import { icon, mark, put, putOrHide, show, slot } from "../draw.js";
import { change } from "../format.js";
import { named, t } from "../words.js";

const STATES = {
  noted: { icon: "hourglass", words: "activity.noted", look: "pending" },
  credited: { icon: "check", words: "activity.credited", look: "credited" },
  refused: { icon: "warn", words: "activity.refused", look: "refused" },
};

/** Whether an activity has a screen of its own; one that waits for its member is an invitation. */
export function activityShown({ activity, member }) {
  return Boolean(activity) && member !== null && activity.state in STATES;
}

export function activityWaits({ activity }) {
  return activity?.state === "waits";
}

/** Draws an activity where a claim's result stands; it has neither shop nor amount. */
export function drawActivity(step, { activity }) {
  const { icon: drawing, words, look } = STATES[activity.state];
  mark(slot(step, "claim_show"), "state", look);
  icon(slot(step, "claim_icon"), drawing);
  put(step, "claim_title", t(words));
  putOrHide(step, "claim_points", activity.points ? change(activity.points) : "");
  put(step, "claim_why", named(activity.phrase));
  show(slot(step, "claim_facts"), false);
  show(slot(step, "claim_another"), false);
}
