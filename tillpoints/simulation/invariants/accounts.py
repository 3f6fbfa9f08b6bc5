"""Central's accounts, held against every transfer and every lease: I5, I6 and I7."""

import sqlite3
from collections import defaultdict

from central.ledger.judging.accounts import AccountKind
from loyalty.leases import READY_REWARD
from tillpoints.simulation.world import World


class Accounts:
    """The accounts of one run, transfer by transfer."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._moved: dict[bytes, int] = defaultdict(int)
        self._fresh: set[bytes] = set()
        #: How many points are set aside.
        self.held = 0
        #: What its member had left behind each lease for no reward yet, where that can be told:
        #: nothing else touched the wallet at once.
        self.left_behind: dict[str, int] = {}

    def clear(self) -> None:
        """Forget every transfer: they are taken in again."""
        self._moved.clear()

    def moved(self, debit: bytes, credit: bytes, amount: int) -> None:
        """Take one transfer in."""
        self._moved[debit] -= amount
        self._moved[credit] += amount
        self._fresh |= {debit, credit}

    def hold(self, db: sqlite3.Connection, turn: int) -> None:
        """Hold what must hold after every turn; what is later than `turn` is new."""
        accounts = db.execute("SELECT account_id, posted, held FROM account").fetchall()
        self._world.hold("I5 conservation", sum(posted for _, posted, _ in accounts))
        escrow, new = self._leases(db, turn)
        self.held = sum(held for *_, held in accounts)
        for account, posted, held in accounts:
            moved = self._moved[account]
            self._world.hold("I5 per account", posted != moved and (account, posted, moved))
            if account[0] == AccountKind.WALLET:
                self._world.hold("I6 no overdraft", posted - held < 0 and (account, posted, held))
                wrong = held != escrow[account]
                self._world.hold("I7 escrow", wrong and (account, held, escrow[account]))
                if len(new[account]) == 1 and account not in self._fresh:
                    self.left_behind[new[account][0]] = posted - held
        self._fresh.clear()

    def _leases(
        self, db: sqlite3.Connection, turn: int
    ) -> tuple[dict[bytes, int], dict[bytes, list[str]]]:
        """Return what leases hold of each wallet, and those that changed: ahead by their id."""
        escrow: dict[bytes, int] = defaultdict(int)
        new: dict[bytes, list[str]] = defaultdict(list)
        for lease_id, account, amount, spent, state, reward_id, changed in db.execute(
            "SELECT lease_id, account_id, amount, spent, state, reward_id, turn FROM lease"
        ):
            self._world.hold("I7 escrow", not 0 <= spent <= amount and (account, spent, amount))
            escrow[account] += amount - spent if state == 0 else 0
            if changed > turn:
                new[account].append(lease_id if reward_id == READY_REWARD else "")
        return escrow, new
