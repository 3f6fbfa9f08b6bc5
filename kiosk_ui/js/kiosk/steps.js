// What the kiosk shows at each step of a visit. The result of a claim or of an
// activity covers any step.

import { icon, mark, put, putOrHide, show, slot, view } from "../draw.js";
import { change, fours, money, points, tail } from "../format.js";
import { named, t } from "../words.js";
import { activityShown, activityWaits, drawActivity } from "./activity.js";
import { drawPicture, drawRewards, REWARD_ICONS } from "./rewards.js";

const CLAIMS = {
  credited: { icon: "check", words: "claim.credited" },
  pending: { icon: "hourglass", words: "claim.pending" },
  refused: { icon: "warn", words: "claim.refused" },
};
const SLIPS = {
  printed: { icon: "down", words: "done.take_slip" },
  queued: { icon: "printer", words: "done.printing" },
  not_printed: { icon: "warn", words: "done.not_printed" },
  unknown: { icon: "question", words: "done.maybe_printed" },
};
const TOLD_MAX = 3;
const ADVICE = { offline: "refused.do_offline", balance_too_low: "refused.do_other" };

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

function drawConfirm(step, { chosen, member }) {
  icon(slot(step, "kind"), REWARD_ICONS[chosen.kind]);
  drawPicture(slot(step, "picture"), chosen.picture);
  const cost = chosen.points * chosen.pieces;
  const after = member.available === null ? null : member.available - cost;
  put(step, "reward", named(chosen));
  putOrHide(step, "about", named(chosen.about));
  put(step, "place", t("done.where", { where: named(chosen.where) }));
  show(slot(step, "how_many"), chosen.pieces_max > 1);
  put(step, "pieces", `${chosen.pieces} ${named(chosen.unit)}`.trim());
  slot(step, "fewer").disabled = chosen.pieces <= 1;
  slot(step, "more").disabled = chosen.pieces >= chosen.pieces_max;
  put(step, "before", points(member.available));
  put(step, "spend", change(-cost));
  put(step, "after", points(after));
  mark(step, "short", !chosen.affordable);
  putOrHide(step, "problem", chosen.affordable ? "" : named(chosen.why_not));
  slot(step, "confirm").disabled = !chosen.affordable;
}

function drawDone(step, { voucher }) {
  const state = voucher.slip?.state ?? "unknown";
  const slip = SLIPS[state];
  const spent = { reward: named(voucher.reward), points: points(voucher.points) };
  put(step, "got", t("done.got", spent));
  mark(slot(step, "slip"), "state", state);
  icon(slot(step, "slip_icon"), slip.icon);
  put(step, "slip_text", t(slip.words));
  put(step, "code", fours(voucher.code, " "));
  put(step, "until", t("done.until", { date: voucher.valid_until }));
  put(step, "where", t("done.where", { where: named(voucher.where) }));
  drawQr(slot(step, "qr"), voucher.qr, state);
}

/** The slip carries the QR; the screen draws it only when there may be no slip. */
function drawQr(image, qr, state) {
  const needed = state === "not_printed" || state === "unknown";
  show(image, needed);
  if (!needed) return;
  const address = `/api/qr?text=${encodeURIComponent(qr)}`;
  if (image.getAttribute("src") !== address) image.src = address;
  image.alt = t("done.qr");
}

function drawRefused(step, { refusal }) {
  put(step, "why", named(refusal));
  put(step, "advice", t(ADVICE[refusal.code] ?? "refused.do_desk"));
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
