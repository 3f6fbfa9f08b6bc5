// The grid of rewards: what each costs, and whether this member can have it or why not.

import { icon, list, mark, put, putOrHide, show, slot } from "../draw.js";
import { points } from "../format.js";
import { named, t } from "../words.js";

export const REWARD_ICONS = {
  goods: "gift",
  gift_card: "card",
  parking: "parking",
  coupon: "ticket",
  service: "service",
  bundle: "gift",
};

const FEW = 20;
/** What stands against every reward alike is said once, at the top. */
const GENERAL = new Set([
  "offline",
  "offline_off",
  "offline_card",
  "offline_not_lent",
  "offline_none_lent",
  "offline_lent_spent",
  "offline_lent_over",
  "offline_restarted",
]);

export function drawRewards(step, rewards) {
  const template = document.getElementById("reward");
  show(slot(step, "no_rewards"), rewards.length === 0);
  list(slot(step, "rewards"), template, rewards, (it) => it.reward_id, (node, reward) => {
    const button = node.querySelector(".reward");
    button.disabled = !reward.affordable;
    mark(button, "affordable", reward.affordable);
    icon(slot(node, "kind"), REWARD_ICONS[reward.kind]);
    drawPicture(slot(node, "picture"), reward.picture);
    put(node, "name", named(reward));
    put(node, "points", points(reward.points));
    putOrHide(node, "usual", reward.usual === reward.points ? "" : points(reward.usual));
    putOrHide(node, "about", named(reward.about));
    putOrHide(node, "left", fewLeft(reward.left));
    icon(slot(node, "can_icon"), reward.affordable ? "check" : "info");
    put(node, "can_text", reward.affordable ? t("home.can") : whyNot(reward.why_not));
  });
}

/** A picture lies over the icon; one that does not come leaves the icon to be seen. */
export function drawPicture(image, name) {
  const address = name ? `/api/picture/${name}` : "";
  if ((image.getAttribute("src") ?? "") === address) return;
  show(image, false);
  image.onload = () => show(image, true);
  image.onerror = () => show(image, false);
  if (address) image.src = address;
  else image.removeAttribute("src");
}

/** How many are left is worth saying only when they are few. */
function fewLeft(left) {
  return left === null || left < 1 || left > FEW ? "" : t("home.left", { count: points(left) });
}

/** Why this reward cannot be had; that there is no network is said once, at the top. */
function whyNot(reason) {
  if (reason === null) return t("home.not_now");
  return GENERAL.has(reason.code) ? t("home.when_online") : named(reason);
}
