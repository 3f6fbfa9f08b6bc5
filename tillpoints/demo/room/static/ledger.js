// The master ledger: the latest transfers, and what members hold.

import { make, say } from "./parts.js";
import { language, named, t } from "./words.js";

const number = new Intl.NumberFormat("en-US");
const signs = { 4: "−", 5: "−", 7: "−", 10: "−", 11: "−" };

export function showLedger(parts, ledger, press) {
  say(parts.sum, number.format(ledger.sum));
  parts.sum.classList.toggle("wrong", ledger.sum !== 0);
  say(parts.transfers, number.format(ledger.transfers));
  say(parts.owned, number.format(ledger.owned));
  parts.no_bookings.hidden = ledger.latest.length > 0;
  parts.no_members.hidden = ledger.members.length > 0;
  bookings(parts.bookings, ledger.latest);
  members(parts.members, ledger.members, press);
}

function bookings(list, latest) {
  const wanted = latest.map((each) => booking(each));
  const before = new Set([...list.children].map((node) => node.dataset.key));
  const first = list.children.length === 0;
  for (const node of wanted) if (!first && !before.has(node.dataset.key)) node.classList.add("new");
  const shown = wanted.map((node) => node.dataset.key).join();
  if (list.dataset.shown === shown + language()) return;
  list.dataset.shown = shown + language();
  list.replaceChildren(...wanted);
}

function booking(each) {
  const node = make("li");
  node.dataset.key = [each.turn, each.code, each.subject, each.amount, each.credit[1]].join();
  node.dataset.code = each.code;
  const time = new Date(each.booked_ms).toLocaleTimeString("zh-CN", {
    hour12: false,
    timeZone: "Asia/Shanghai", // the mall's time, as on its papers
  });
  const sides = make("span", "sides");
  sides.append(
    make("span", "", named(each.debit)),
    make("span", "arrow", " → "),
    make("span", "", named(each.credit)),
  );
  const amount = `${signs[each.code] ?? "+"}${number.format(each.amount)}`;
  node.append(
    make("span", "reason", named(each.reason)), make("strong", "amount", amount), sides,
    make("time", "", time),
  );
  return node;
}

function members(list, people, press) {
  const shown = JSON.stringify(people) + language();
  if (list.dataset.shown === shown) return;
  list.dataset.shown = shown;
  list.replaceChildren(...people.map((person) => {
    const node = make("li");
    const statement = make("button", "", t("statement"));
    statement.type = "button";
    statement.addEventListener("click", () =>
      press({ do: "statement", station: "desk", what: person.number }),
    );
    node.append(
      make("span", "name", person.name),
      make("span", `tier ${person.tier}`, t(`tier_${person.tier}`)),
      make("strong", "", number.format(person.balance)),
      statement,
    );
    return node;
  }));
}
