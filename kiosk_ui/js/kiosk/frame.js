// Around every step of the kiosk: whose kiosk this is, what does not work now and why, notices,
// and the row of choices at the bottom.

import { put, show, slot } from "../draw.js";
import { drawNotice } from "../notice.js";
import { drawStrips } from "../strips.js";
import { named, otherLanguage, t } from "../words.js";
import { activityShown, activityWaits } from "./activity.js";

const LANGUAGE_NAMES = { zh: "language.zh", en: "language.en" };

export function drawFrame(snapshot) {
  put(document, "programme", snapshot.programme || t("kiosk.title"));
  put(document, "shop", named(snapshot.shop));
  put(document, "language", t(LANGUAGE_NAMES[otherLanguage()]));
  drawStrips({
    unenrolled: !snapshot.enrolled && t("kiosk.unenrolled"),
    offline: snapshot.enrolled && !snapshot.online && away(snapshot),
    paper: snapshot.printer.state === "no" && t("kiosk.no_paper"),
    scanner: snapshot.scanner_trouble && named(snapshot.scanner_trouble),
  });
  show(slot(document, "leave"), snapshot.member !== null && snapshot.step !== "working");
  const said = saidElsewhere(snapshot) || activityShown(snapshot);
  drawNotice(said ? null : snapshot.notice);
}

/** What can be redeemed without central and why not more; before anybody is known, that it can. */
function away({ away: said }) {
  return said ? named(said) : t("kiosk.offline");
}

/** What went well, refusals and claims have screens of their own. */
function saidElsewhere(snapshot) {
  const { notice, step, claim } = snapshot;
  const invited = (snapshot.claim_waits || activityWaits(snapshot)) && notice?.tone === "info";
  return step === "refused" || claim !== null || invited || notice?.tone === "ok";
}
