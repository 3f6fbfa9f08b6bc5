// A member's reward at the till: the panel's own page over both halves, as long as it takes.

import { order } from "../screen.js";
import { loadPart, put, putOrHide, show, slot, view } from "../draw.js";
import { drawRewards } from "../redeeming/rewards.js";
import { drawConfirm, drawDone, drawRefused } from "../redeeming/redemption.js";
import { named } from "../words.js";
import { openAmount } from "./amount.js";
import { drawPerson, personCard } from "./now.js";

await loadPart("redeeming");
const page = slot(document, "redeeming");
page.querySelector('[data-place="person"]').replaceWith(personCard());
const steps = slot(page, "redeem_steps");
const cancel = slot(document, "cancel_dialog");
const MAY_GO_BACK = ["confirm", "prove", "refused"];
const DRAWN = {
  home: (step, { rewards }) => drawRewards(step, rewards),
  confirm: drawConfirm,
  done: drawDone,
  refused: drawRefused,
};
let visit = null;

export function drawRedeeming(snapshot) {
  visit = snapshot.redeeming ?? null;
  show(page, visit !== null);
  show(document.querySelector("main"), visit === null);
  if (visit?.step !== "done") cancel.close();
  if (visit === null) return;
  drawPerson(page, { ...visit.member, balance: visit.member.available });
  putOrHide(page, "away", visit.away && named(visit.away));
  show(slot(page, "redeem_back"), MAY_GO_BACK.includes(visit.step));
  show(slot(page, "redeem_leave"), visit.step !== "working");
  view(steps, visit.step);
  DRAWN[visit.step]?.(steps.querySelector(`:scope > [data-view="${visit.step}"]`), visit);
  const said = snapshot.notice && ["error", "warn"].includes(snapshot.notice.tone);
  show(slot(page, "redeem_notice"), Boolean(said) && visit.step !== "refused");
  put(page, "redeem_notice", said ? named(snapshot.notice.phrase) : "");
}

/** Opens the dialog for the PIN of whoever redeems. */
function openPin() {
  openAmount({
    title: "pay.pin",
    secret: true,
    command: (pin) => ({ do: "prove", pin }),
    wanted: () => visit?.step === "prove",
  });
}

/** Opens the dialog for the car that a right to park is for. */
function openPlate() {
  openAmount({
    title: "type.plate",
    keys: "plate",
    may_lack: true,
    command: (plate) => ({ do: "plate", plate }),
    wanted: () => visit?.step === "confirm",
  });
}

export const redeemTouches = {
  type_pin: openPin,
  type_plate: openPlate,
  rewards: () => order({ do: "rewards" }),
  choose: (node) => order({ do: "choose", reward_id: node.closest("li").dataset.key }),
  fewer: () => order({ do: "pieces", pieces: visit.chosen.pieces - 1 }),
  more: () => order({ do: "pieces", pieces: visit.chosen.pieces + 1 }),
  confirm: () => order({ do: "confirm" }),
  back: () => order({ do: "back" }),
  leave: () => order({ do: "leave" }),
  hand_over: () => order({ do: "hand_over" }),
  reprint_voucher: () => order({ do: "reprint", slip_id: visit.voucher.slip.slip_id }),
  ask_cancel: () => cancel.showModal(),
  cancel: () => {
    cancel.close();
    order({ do: "cancel" });
  },
};
