// One till or kiosk: its live screen, its facts, its buttons and its paper.

import { showPapers } from "./paper.js";
import { make, parts, say } from "./parts.js";
import { language, named, t, translate } from "./words.js";

const SIZES = { till: [800, 600], kiosk: [1080, 1920] };
const GUESTS = [
  ["262693993844", "杨景行", "gold"],
  ["907731062388", "刘嘉豪", "silver"],
  ["723435042676", "李思远", "ordinary"],
  ["427914832719", "何佳慧", "diamond"],
  ["058844446487", "Emily Carter", "ordinary"],
];

export class Station {
  constructor(first, press, enlarge) {
    this.name = first.name;
    this.kind = first.kind;
    this.press = press;
    this.enlarge = enlarge;
    this.node = document.getElementById("station").content.firstElementChild.cloneNode(true);
    this.node.classList.add(first.kind);
    this.node.classList.toggle("wide", first.columns > 32);
    this.parts = parts(this.node);
    this.now = first;
    this.wire();
    this.fit();
    this.word();
  }

  wire() {
    for (const button of this.node.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => this.do(button.dataset.do));
    }
    const { net, feed, power, scan, what, sell, goods } = this.parts;
    sell.addEventListener("click", () => this.do("sell", goods.value));
    net.addEventListener("click", () => this.do(this.now.link === "up" ? "cut" : "plug"));
    feed.addEventListener("click", () =>
      this.do(this.now.printer === "paper_out" ? "refill" : "paper_out"),
    );
    power.addEventListener("click", () =>
      this.do(this.now.printer === "off" ? "printer_on" : "printer_off"),
    );
    scan.addEventListener("click", () => this.do("scan", what.value));
    for (const part of ["pos", "sell", "goods", "kill_tap"]) {
      this.parts[part].hidden = this.kind === "kiosk";
    }
    this.parts.unclear.hidden = this.name !== "till-1";
  }

  do(move, what = "") {
    this.press({ do: move, station: this.name, what });
  }

  /** Shows the screen at its real size, scaled to the room there is. */
  fit() {
    const box = this.node.querySelector(".screen");
    const [width, height] = SIZES[this.kind];
    box.style.setProperty("--width", `${width}px`);
    box.style.setProperty("--height", `${height}px`);
    box.style.aspectRatio = `${width} / ${height}`;
    new ResizeObserver(() => {
      box.style.setProperty("--scale", box.clientWidth / width);
    }).observe(box);
  }

  word() {
    translate(this.node);
    this.parts.screen.src = `${this.now.screen}/${this.kind}?lang=${language()}`;
    this.parts.screen.title = this.name;
    say(this.parts.other, t(this.name === "till-1" ? "kitchen" : "card_slip"));
    const basket = this.parts.goods.value;
    this.parts.goods.replaceChildren(option("", t("random")), ...this.now.goods.map(same));
    this.parts.goods.value = basket;
    const chosen = this.parts.what.value;
    this.parts.what.replaceChildren(
      group("group_members", GUESTS.map(guest)),
      group("group_slips", [["claim", t("claim")], ["voucher", t("voucher")]]),
      group("group_others", [["unknown", t("unknown")], ["payment", t("payment")]]),
    );
    if (chosen) this.parts.what.value = chosen;
  }

  show(now) {
    this.now = now;
    const { shop, name, net, feed, power, roll, printer } = this.parts;
    say(shop, named(now.shop) || now.name);
    say(name, now.name);
    this.facts(now);
    say(net, t(now.link === "up" ? "net_cut" : "net_plug"));
    net.classList.toggle("on", now.link !== "up");
    say(feed, t(now.printer === "paper_out" ? "feed_in" : "feed_out"));
    feed.classList.toggle("on", now.printer === "paper_out");
    feed.disabled = now.printer === "off";
    say(power, t(now.printer === "off" ? "power_on" : "power_off"));
    power.classList.toggle("on", now.printer === "off");
    say(printer, t(`printer_${now.printer}`));
    this.node.dataset.printer = now.printer;
    this.node.dataset.link = now.link === "up" ? "up" : "cut";
    const actions = {
      claim: ["to_kiosk", () => this.press({ do: "scan", station: "kiosk-1", what: "claim" })],
      redemption: ["to_till", () => this.press({ do: "scan", station: "till-2", what: "voucher" })],
    };
    showPapers(roll, now.name, now.papers, actions, this.enlarge);
  }

  facts(now) {
    const { link, queue, head, life } = this.parts;
    const away = now.agent.pid === null || now.online === null;
    let state = now.online ? "online" : "offline";
    if (now.link !== "up") state = "link_cut";
    if (away) state = "restarting";
    say(link, t(state));
    link.dataset.state = state;
    say(queue, t("queue", { n: now.queue ?? "…" }));
    queue.dataset.some = now.queue ? "yes" : "no";
    say(head, now.head ? t("head", now.head) : t("head_none"));
    const facts = { pid: now.agent.pid ?? "…", n: now.agent.restarts };
    say(life, t(now.agent.restarts ? "life_again" : "life", facts));
  }
}

const guest = ([number, name, tier]) => [number, `${name} · ${t(`tier_${tier}`)}`];

function group(label, choices) {
  const node = make("optgroup");
  node.label = t(label);
  node.append(...choices.map(([value, text]) => option(value, text)));
  return node;
}

function option(value, text) {
  const node = make("option", "", text);
  node.value = value;
  return node;
}

const same = (name) => option(name, name);
