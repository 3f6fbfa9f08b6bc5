// The dialog that asks before an award is taken back.

import { send } from "../agent.js";
import { put, putOrHide, slot } from "../draw.js";
import { money, points } from "../format.js";
import { problemText, t } from "../words.js";
import { correctable } from "./recent.js";

let sale = null;
let problem = null;

const dialog = slot(document, "reverse_dialog");

export function buildReverse(redraw) {
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    problem = await send({ do: "reverse", fingerprint: sale.fingerprint });
    if (problem) redraw();
    else dialog.close();
  });
}

export function openReverse(wanted) {
  sale = wanted;
  problem = null;
  dialog.showModal();
}

export function drawReverse() {
  if (!dialog.open) return;
  if (!correctable(sale)) return dialog.close();
  const amount = money(sale.amount, sale.currency);
  const name = sale.holder?.masked_name || t("member.new");
  const about = t("reverse.about", { amount, points: points(sale.points ?? 0), name });
  put(dialog, "reverse_about", about);
  putOrHide(dialog, "reverse_problem", problem && problemText(problem));
}
