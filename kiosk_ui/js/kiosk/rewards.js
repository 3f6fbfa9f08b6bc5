// The grid of rewards: what each costs, and whether this member can have it or why not.

import { icon, list, mark, put, show, slot } from "../draw.js";
import { points } from "../format.js";
import { named, t } from "../words.js";

export const REWARD_ICONS = {
  goods: "gift",
  parking: "parking",
  coupon: "ticket",
  service: "service",
};

export function drawRewards(step, rewards) {
  const template = document.getElementById("reward");
  show(slot(step, "no_rewards"), rewards.length === 0);
  list(slot(step, "rewards"), template, rewards, (it) => it.reward_id, (node, reward) => {
    const button = node.querySelector(".reward");
    button.disabled = !reward.affordable;
    mark(button, "affordable", reward.affordable);
    icon(slot(node, "kind"), REWARD_ICONS[reward.kind]);
    put(node, "name", named(reward));
    put(node, "points", points(reward.points));
    icon(slot(node, "can_icon"), reward.affordable ? "check" : "info");
    put(node, "can_text", reward.affordable ? t("home.can") : whyNot(reward.why_not));
  });
}

/** Why this reward cannot be had; that there is no network is said once, at the top. */
function whyNot(reason) {
  if (reason === null) return t("home.not_now");
  return reason.code === "offline" ? t("home.when_online") : named(reason);
}
