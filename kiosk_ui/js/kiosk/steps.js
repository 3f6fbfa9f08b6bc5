// What the kiosk shows at each step of a visit. The result of a claim or of an
// activity covers any step.

import { icon, mark, put, putOrHide, show, slot, view } from "../draw.js";
import { change, money, points, tail } from "../format.js";
import { drawRewards } from "../redeeming/rewards.js";
import { drawConfirm, drawDone, drawRefused } from "../redeeming/redemption.js";
import { named, t } from "../words.js";
import { activityShown, activityWaits, drawActivity } from "./activity.js";

const CLAIMS = {
  credited: { icon: "check", words: "claim.credited" },
  pending: { icon: "hourglass", words: "claim.pending" },
  refused: { icon: "warn", words: "claim.refused" },
};
const TOLD_MAX = 3;

export function drawStep(snapshot) {
  const stage = slot(document, "stage");
  const name = snapshot.claim || activityShown(snapshot) ? "claim" : snapshot.step;
  const step = stage.querySelector(`:scope > [data-view="${name}"]`);
  view(stage, name);
  mark(document.documentElement, "step", name);
  DRAWN[name]?.(step, snapshot);
}

const DRAWN = {
  welcome: drawWelcome,
  home: drawHome,
  confirm: drawConfirm,
  done: drawDone,
  refused: drawRefused,
  claim: drawClaim,
};

function drawWelcome(step, snapshot) {
  if (activityWaits(snapshot)) {
    put(step, "title", t("welcome.activity_waits"));
    put(step, "about", named(snapshot.activity.phrase));
    return;
  }
  const claimWaits = snapshot.claim_waits;
  put(step, "title", t(claimWaits ? "welcome.claim_waits" : "welcome.title"));
  put(step, "about", t(claimWaits ? "welcome.claim_waits_about" : "welcome.about"));
}

function drawHome(step, { member, rewards }) {
  const name = member.masked_name;
  put(step, "hello", name ? t("home.hello", { name }) : t("home.hello_new"));
  putOrHide(step, "tier", member.tier && named(member.tier));
  put(step, "tail", t("member.tail", { tail: tail(member.number_tail) }));
  const known = member.available !== null;
  mark(step, "known", known);
  put(step, "available", known ? points(member.available) : t("member.unknown_balance"));
  putOrHide(step, "more", aboutBalance(member));
  drawRewards(step, rewards);
}

function aboutBalance({ new_card: newCard, balance, available, pending, told, benefits }) {
  if (newCard) return t("member.new_more");
  const more = [...(told ?? []), ...(benefits ?? [])].slice(0, TOLD_MAX).map(named);
  if (more.length > 0) return more.join(" · ");
  const numbers = { balance: points(balance), pending: points(pending) };
  if (pending > 0) return t("home.balance_pending", numbers);
  return balance !== available ? t("home.balance", numbers) : "";
}

function drawClaim(step, snapshot) {
  if (activityShown(snapshot)) {
    drawActivity(step, snapshot);
    return;
  }
  const { claim } = snapshot;
  show(slot(step, "claim_another"), true);
  const { icon: drawing, words } = CLAIMS[claim.state];
  mark(slot(step, "claim_show"), "state", claim.state);
  icon(slot(step, "claim_icon"), drawing);
  put(step, "claim_title", t(words));
  putOrHide(step, "claim_points", claim.points === null ? "" : change(claim.points));
  put(step, "claim_why", named(claim.phrase));
  // A receipt that central has not seen yet has neither shop nor amount.
  show(slot(step, "claim_facts"), claim.shop !== null);
  put(step, "claim_shop", claim.shop ? named(claim.shop) : "");
  put(step, "claim_amount", claim.shop ? money(claim.amount, claim.currency) : "");
}
