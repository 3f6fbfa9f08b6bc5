// The kiosk: what of a snapshot is drawn where, and what a visitor may touch.

import { buildCalls, drawCalls, openHelp } from "./kiosk/calls.js";
import { drawFrame } from "./kiosk/frame.js";
import { drawStep } from "./kiosk/steps.js";
import { buildTyping, closeTyping, drawTyping, openTyping } from "./kiosk/typing.js";
import { drawVisitor, follow, toggleContrast, touched } from "./kiosk/visitor.js";
import { openScreen, order, redraw } from "./screen.js";

let somebody = false;

function draw(snapshot) {
  drawVisitor();
  drawFrame(snapshot);
  drawStep(snapshot);
  drawTyping();
  drawCalls(snapshot);
}

const touches = {
  contrast: toggleContrast,
  help: openHelp,
  type_member: () => openTyping("member"),
  type_claim: () => openTyping("claim"),
  type_pin: () => openTyping("pin"),
  choose: (node) => order({ do: "choose", reward_id: node.closest("li").dataset.key }),
  confirm: () => order({ do: "confirm" }),
  back: () => order({ do: "back" }),
  leave: () => order({ do: "leave" }),
  stay: () => order({ do: "stay" }),
};

// Typing and scrolling send no command; the agent must hear that somebody is there all the same.
addEventListener("pointerdown", () => {
  if (touched() && somebody) order({ do: "stay" });
});

function onSnapshot(before, now) {
  if (before && before.step !== now.step) closeTyping();
  follow(before, now);
  somebody = now.member !== null;
}

buildTyping(redraw);
buildCalls();
await openScreen({ draw, touches, onSnapshot });
