"""The readable cases of `tests/cases/redeem`: rewards, members, and what they get or are told.

A case is one TOML file: the rewards as lines of rewards.csv, the members with tier and points, and
steps, each with what comes of it. Every step is a real call of a device at a real central.
"""

import csv
import io
import tomllib
from pathlib import Path

from msgspec import structs

from central import schema
from central.database import writing
from central.jobs import voucher_expiry
from central.ledger import directory, stocks
from central.ledger.reward_commands import ReturnVoucher
from central.rewards import records
from central.rewards.sheet import COLUMNS, read_rewards
from central.sync.callers import DeviceState
from central.sync.reward_offers import local
from loyalty import wire
from loyalty.leases import READY_REWARD
from loyalty.rules.earning import Reason
from loyalty.wording import say
from tests.central.programme import DAY_MS, member
from tests.central.rewards.bill_cases import Bills
from tillpoints.simulation.programme.book import BOOK

FOLDER = Path(__file__).parents[2] / "cases" / "redeem"
SHOPS = frozenset({"S1", "S2"})
TIERS = frozenset({"base", "gold"})


def cases():
    return sorted(FOLDER.glob("*.toml"))


def read(path):
    return tomllib.loads(path.read_text(encoding="utf-8"))


def bring_in(programme, lines):
    """Import rewards given as dictionaries of cells, the way a file is imported."""
    sheet = io.StringIO()
    columns = [name for name in COLUMNS if any(name in line for line in lines)]
    writer = csv.DictWriter(sheet, columns)
    writer.writeheader()
    writer.writerows(lines)
    given = read_rewards("case", sheet.getvalue().encode(), SHOPS, TIERS, frozenset())
    with writing(programme.engine) as connection:
        _, news = records.save(connection, programme.shard_key, given, programme.now_ms)
        directory.announce(connection, programme.shard_key, news)


class Played:
    """A case at work."""

    def __init__(self, programme, case):
        self.programme = programme
        self.devices = {"till": programme.till, "other": programme.other}
        self.devices["kiosk"] = programme.add_device("kiosk-1", "kiosk", "S1")
        self.leases = {}
        self.at = {}
        self.count = 0
        for name, facts in case["members"].items():
            programme.add_member(name, facts.get("tier", "base"))
            earned = facts["points"] * 2 // 3 if facts.get("tier") == "gold" else facts["points"]
            programme.till.push(programme.till.sale(member(name), fen=earned * 100))
            assert programme.balance(member(name)) == facts["points"], name
        bring_in(programme, case["rewards"])
        self.bills = Bills(self)

    def step(self, step):
        """Do one step and return what came of it, as the case would write it."""
        given = {k: v for k, v in step.items() if k in _ARGUMENTS}
        doer = self if hasattr(self, step["do"]) else self.bills
        came = getattr(doer, step["do"])(**given)
        refusal = getattr(came, "refusal", None)
        if refusal is not None:
            return {
                "refused": refusal.code,
                "zh": say(refusal, "zh"),
                "en": say(refusal, "en"),
            }
        return came if isinstance(came, dict) else {}

    def redeem(self, reward, who="a", at="kiosk", agreed=0, name="", spend=True, **asked):
        device = self.devices[at]
        self.count += 1
        facts = {"epoch": device.stream.epoch, "points": agreed, **asked}
        request = wire.LeaseRequest(f"r{self.count}", member(who), reward, **facts)
        lease = device.ask(wire.LEASE_PATH, request, wire.LeaseAnswer)
        if lease.refusal is not None:
            return lease
        if spend:
            body = device.redeem(member(who), lease, reward=reward)
            assert device.push(body)[0][0] is wire.Verdict.APPLIED
        self.leases[name or reward], self.at[name or reward] = lease, device
        return {"points": lease.points, **({"place": lease.place} if lease.place else {})}

    def ahead(self, who="a", at="kiosk", name="ahead"):
        """Points are set aside for no reward yet, should central be away."""
        return self.redeem(READY_REWARD, who, at, name=name, spend=False)

    def spend_ahead(self, reward, worth, pieces=1, who="a", name="ahead"):
        """What was set aside is spent while the device is cut off, and told later."""
        device = self.at[name]
        body = device.redeem(member(who), self.leases[name], worth, reward)
        verdict, _, _ = device.push(structs.replace(body, pieces=pieces))[0]
        return {"verdict": verdict.name}

    def rules(self, **changes):
        """Other rules are in force from now on."""
        book = structs.replace(BOOK, **changes)
        self.programme.add_book(book, self.programme.now_ms)
        return {}

    def no_rules(self):
        """A mall whose rules are not in force yet."""
        with writing(self.programme.engine) as connection:
            mine = schema.rule_book.c.shard_key == self.programme.shard_key
            later = {"effective_ms": self.programme.now_ms + DAY_MS}
            connection.execute(schema.rule_book.update().where(mine).values(later))
        return {}

    def no_till(self, at):
        """A shop's only till is taken out of service."""
        with writing(self.programme.engine) as connection:
            t = schema.device
            mine = (t.c.shard_key == self.programme.shard_key, t.c.device_id == self.devices[at].id)
            gone = t.update().where(*mine).values(state=int(DeviceState.REVOKED))
            assert connection.execute(gone).rowcount == 1
        return {}

    def set_pin(self, pin, who="a"):
        """The member sets a PIN with the desk's opening code."""
        pins = self.programme.service.pins
        assert pins.open_with_code(who, pins.give_opening_code(who), pin) == "right"
        return {}

    def expire_one(self, name):
        """Somebody tries to end a voucher before its last day."""
        now_ms = self.programme.now_ms
        today = local(now_ms, "Asia/Shanghai").date().isoformat()
        code = self.leases[name].voucher_code
        return _said(self.programme.service.run(ReturnVoucher(code, "expired", today)))

    def leave(self, reward):
        """The member goes without redeeming: the device gives the lease back."""
        device = self.at[reward]
        device.push(device.close_lease(self.leases[reward], 0))
        return {}

    def reserve(self, reward, at="kiosk", pieces=1):
        request = wire.ReserveRequest(reward, pieces)
        answer = self.devices[at].ask(wire.RESERVE_PATH, request, wire.ReserveAnswer)
        return answer if answer.refusal is not None else {"seconds": answer.ttl_s}

    def hand_in(self, name="", at="till", code=""):
        self.count += 1
        code = code or self.leases[name].voucher_code
        answer = self.devices[at].use_online(code, f"u-{at}-{name}")
        return answer if answer.refusal is not None else {"reward_id": answer.reward_id}

    def cancel(self, name, at=""):
        device = self.devices[at] if at else self.at[name]
        request = wire.CancelRequest(f"c-{name}", self.leases[name].voucher_code)
        answer = device.ask(wire.CANCEL_PATH, request, wire.CancelAnswer)
        return answer if answer.refusal is not None else {"points": answer.points}

    def wait(self, for_days=0, for_s=0):
        self.programme.now_ms += for_days * DAY_MS + for_s * 1000
        return {}

    def expire(self):
        now_ms = self.programme.now_ms
        today = local(now_ms, "Asia/Shanghai").date()
        done, waiting = voucher_expiry.expire(
            self.programme.engine, self.programme.shard_key, today, now_ms
        )
        return {"returned": done, "waiting": waiting}

    def home_till_reports(self, to_come=0):
        """The home till tells central what more it has to tell, nothing but what it keeps."""
        self.programme.till.write(self.programme.till.sale(fen=100))
        till = self.programme.till
        till.send(till.request(to_come=to_come))
        return {}

    def after(self, expected):
        """Return what the ledger says at the end, for what the case names."""
        found = {}
        for what, wanted in expected.items():
            if what == "points":
                found[what] = {one: self.programme.balance(member(one)) for one in wanted}
            elif what == "held":
                found[what] = {one: self.programme.held(member(one)) for one in wanted}
            elif what == "stock":
                found[what] = self.programme.read(stocks.left, sorted(wanted))
            elif what == "owed":
                found[what] = self.bills.owed(wanted)
        return found


def _said(came):
    return wire.CancelAnswer(refusal=came) if isinstance(came, Reason) else {}


_ARGUMENTS = {
    "worth",
    "to_come",
    "redeem_limit_points",
    "offline_points",
    "pin",
    "epoch",
    "code",
    "reward",
    "who",
    "at",
    "pieces",
    "agreed",
    "name",
    "spend",
    "amount",
    "owed",
    "line",
    "paid",
    "cut_off",
    "edited",
    "for_days",
    "for_s",
}
