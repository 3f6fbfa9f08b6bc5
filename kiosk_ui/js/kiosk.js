// The kiosk: takes snapshots, draws them, sends what a visitor touches.

import { listen, send } from "./agent.js";
import { setClock, startCountdowns } from "./countdown.js";
import { loadIcons, mark } from "./draw.js";
import { buildCalls, drawCalls, openHelp } from "./kiosk/calls.js";
import { drawFrame, drawLost, say } from "./kiosk/frame.js";
import { drawStep } from "./kiosk/steps.js";
import { buildTyping, closeTyping, drawTyping, openTyping } from "./kiosk/typing.js";
import { drawVisitor, follow as followVisitor, toggleContrast, touched } from "./kiosk/visitor.js";
import { follow, openSound } from "./sound.js";
import { chooseLanguage, loadWords, otherLanguage, translate } from "./words.js";

let last = null;

function draw() {
  if (!last) return;
  drawVisitor();
  drawFrame(last);
  drawStep(last);
  drawTyping();
  drawCalls(last);
  translate(document);
  mark(document.documentElement, "version", last.version);
  document.body.hidden = false;
}

async function order(command) {
  say(null);
  say(await send(command));
  draw();
}

const touches = {
  language: () => chooseLanguage(otherLanguage()),
  contrast: toggleContrast,
  help: openHelp,
  type_member: () => openTyping("member"),
  type_claim: () => openTyping("claim"),
  choose: (node) => order({ do: "choose", reward_id: node.closest("li").dataset.key }),
  confirm: () => order({ do: "confirm" }),
  back: () => order({ do: "back" }),
  leave: () => order({ do: "leave" }),
  stay: () => order({ do: "stay" }),
  close: (node) => node.closest("dialog").close(),
};

// Typing and scrolling send no command; the agent must hear that somebody is there all the same.
addEventListener("pointerdown", () => {
  if (touched() && last?.member) order({ do: "stay" });
});

addEventListener("click", (event) => {
  const node = event.target.closest("[data-do]");
  const act = touches[node?.dataset.do];
  if (!act) return;
  act(node);
  draw();
});

await Promise.all([loadWords(), loadIcons()]);
buildTyping(draw);
buildCalls();
startCountdowns(draw);
openSound(() => {});
listen((snapshot) => {
  if (last && last.step !== snapshot.step) closeTyping();
  followVisitor(last, snapshot);
  last = snapshot;
  setClock(snapshot.now_ms);
  follow(snapshot.sound);
  draw();
}, drawLost);
