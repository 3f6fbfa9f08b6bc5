// How a member's activity went: registered here, credited by central, or refused with the reason.

import { icon, mark, put, putOrHide, slot } from "../draw.js";
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

export function drawActivity(step, { activity }) {
  const { icon: drawing, words, look } = STATES[activity.state];
  mark(slot(step, "activity_show"), "state", look);
  icon(slot(step, "activity_icon"), drawing);
  put(step, "activity_title", t(words));
  putOrHide(step, "activity_points", activity.points ? change(activity.points) : "");
  putOrHide(step, "activity_name", named(activity));
  putOrHide(step, "activity_why", activity.points ? "" : named(activity.phrase));
}
