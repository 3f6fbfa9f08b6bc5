// The kiosk: what of a snapshot is drawn where, and what a visitor may touch.

import { buildCalls, drawCalls, openHelp } from "./kiosk/calls.js";
import { drawFrame } from "./kiosk/frame.js";
import { drawStep } from "./kiosk/steps.js";
import { buildTyping, closeTyping, drawTyping, openTyping } from "./kiosk/typing.js";
import { drawVisitor, follow, toggleContrast, touched } from "./kiosk/visitor.js";
import { slot } from "./draw.js";
import { openScreen, order, redraw } from "./screen.js";

let somebody = false;
let chosen = null;

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
  type_plate: () => openTyping("plate"),
  choose: (node) => order({ do: "choose", reward_id: node.closest("li").dataset.key }),
  fewer: () => order({ do: "pieces", pieces: chosen.pieces - 1 }),
  more: () => order({ do: "pieces", pieces: chosen.pieces + 1 }),
  confirm: () => order({ do: "confirm" }),
  ask_cancel: () => slot(document, "cancel_dialog").showModal(),
  cancel: () => {
    slot(document, "cancel_dialog").close();
    order({ do: "cancel" });
  },
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
  chosen = now.chosen;
  if (now.step !== "done") slot(document, "cancel_dialog").close();
}

buildTyping(redraw);
buildCalls();
await openScreen({ draw, touches, onSnapshot });
