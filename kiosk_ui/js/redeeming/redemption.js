// The steps of a redemption after the reward is chosen, on a kiosk and on a till's panel alike.

import { icon, mark, put, putOrHide, show, slot } from "../draw.js";
import { change, fours, points } from "../format.js";
import { named, t } from "../words.js";
import { drawPicture, REWARD_ICONS } from "./rewards.js";

const SLIPS = {
  printed: { icon: "down", words: "done.take_slip" },
  queued: { icon: "printer", words: "done.printing" },
  not_printed: { icon: "warn", words: "done.not_printed" },
  unknown: { icon: "question", words: "done.maybe_printed" },
};
const ADVICE = { balance_too_low: "refused.do_other", offline_more: "refused.do_other" };

function advice(code) {
  return ADVICE[code] ?? (code.startsWith("offline") ? "refused.do_offline" : "refused.do_desk");
}

export function drawConfirm(step, { chosen, member }) {
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
  putOrHide(step, "plate", chosen.parks ? plate(chosen) : "");
  put(step, "before", points(member.available));
  put(step, "spend", change(-cost));
  put(step, "after", points(after));
  mark(step, "short", !chosen.affordable);
  putOrHide(step, "problem", chosen.affordable ? "" : named(chosen.why_not));
  slot(step, "confirm").disabled = !chosen.affordable;
}

const plate = (chosen) =>
  chosen.plate ? t("confirm.plate", { plate: chosen.plate }) : t("confirm.type_plate");

export function drawDone(step, { voucher }) {
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

export function drawRefused(step, { refusal }) {
  put(step, "why", named(refusal));
  put(step, "advice", t(advice(refusal.code)));
}
