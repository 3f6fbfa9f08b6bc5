// The control room: puts snapshots on the page and moves on the line.

import { showLedger } from "./ledger.js";
import { listen, make as makeMove } from "./line.js";
import { showPapers } from "./paper.js";
import { parts, say } from "./parts.js";
import { Station } from "./station.js";
import { Tour } from "./tour.js";
import { named, t, toggleLanguage, translate } from "./words.js";

const TOAST_MS = 4000;
const page = parts(document);
const desk = parts(page.desk);
const stations = new Map();
let newest = null;
let toastTimer = 0;

function toast(text) {
  say(page.toast, text);
  page.toast.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => (page.toast.hidden = true), TOAST_MS);
}

/** Makes a move and says why not, if not; resolves to whether it was made. */
async function press(move) {
  const problem = await makeMove(move);
  if (problem) toast(named(problem));
  return !problem;
}

function enlarge(source) {
  page.large_paper.src = source;
  page.large.showModal();
}

function show(snapshot) {
  newest = snapshot;
  for (const now of snapshot.stations) {
    if (!stations.has(now.name)) {
      const station = new Station(now, press, enlarge);
      stations.set(now.name, station);
      page.stations.append(station.node);
    }
    stations.get(now.name).show(now);
  }
  page.central.href = snapshot.central.url;
  page.desk.hidden = snapshot.desk_papers.length === 0;
  showPapers(desk.roll, "desk", snapshot.desk_papers, {}, enlarge);
  if (snapshot.ledger) showLedger(page, snapshot.ledger, press);
  document.body.hidden = false;
}

function word(tour) {
  translate(document);
  document.documentElement.lang = t("other_language") === "English" ? "zh-CN" : "en";
  document.title = t("title");
  say(page.language, t("other_language"));
  tour.word();
  for (const station of stations.values()) station.word();
  if (newest) show(newest);
}

const stops = await (await fetch("/api/tour")).json();
const tour = new Tour(page, stops, press);
page.language.addEventListener("click", () => {
  toggleLanguage();
  word(tour);
});
page.large.addEventListener("click", () => page.large.close());
word(tour);
listen(show, () => toast(t("ended")));
