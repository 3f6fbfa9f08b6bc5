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
    const why = reward.why_not ? named(reward.why_not) : t("home.not_now");
    put(node, "can_text", reward.affordable ? t("home.can") : why);
  });
}
