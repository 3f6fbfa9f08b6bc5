"""One event being judged: what a handler may read, and everything it may do.

A handler moves points only through `move`, so every leg has two accounts and one positive amount,
and accounts cannot change without a transfer that says why.
"""

from bisect import insort
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct, structs

from central.ledger.judging.accounts import Code
from central.ledger.judging.rows import Account, Event, Identity, Transfer
from central.ledger.judging.state import State
from loyalty.reviewing import ReviewRow
from loyalty.wire import ClaimedRow, Judged

LEGS_MAX = 8
#: Amounts and points beyond this are no facts of a mall; far from what 64 bits can add up.
AMOUNT_MAX = 10**12
#: Points that one event may give: a hundred for each fen of a receipt of 100,000 yuan. At ten
#: million such events a day, what was ever issued would outgrow 64 bits after two years.
POINTS_MAX = 10**9
#: Of so many of a member's purchases the days are known; nearly nobody returns more than that.
FIRST_PURCHASES = 8
_EMPTY = Account()


class Impossible(ValueError):
    """An event says what cannot be, by everything before it: a person must look at it."""


class Notice(Struct, frozen=True):
    """A row of the pull feed that one device alone shall see."""

    device_id: bytes
    item: str
    row: ClaimedRow | Judged | ReviewRow


class Entry:
    """The event whose facts are judged (`event`) and the identity that books it.

    They differ when central judges a waiting event again: then the re-judgement books.
    """

    def __init__(self, state: State, event: Event, booked_by: Identity) -> None:
        self.state = state
        self.event = event
        self.transfers: list[Transfer] = []
        self.notices: list[Notice] = []
        self.wakes: list[bytes] = []
        self.legs_max = LEGS_MAX
        self.booked_by = booked_by

    def move(
        self, debit_id: bytes, credit_id: bytes, amount: int, code: Code, subject: str
    ) -> None:
        """Move a positive `amount` of points. Raises Impossible beyond the limits of one event."""
        if not 0 < amount <= AMOUNT_MAX:
            raise Impossible(f"a transfer of {amount} points")
        if len(self.transfers) == self.legs_max:
            raise Impossible(f"more than {self.legs_max} transfers")
        leg = len(self.transfers)
        number = self.state.transfers + leg + 1
        self.transfers.append(
            Transfer(
                number,
                self.booked_by,
                leg,
                debit_id,
                credit_id,
                self._post(debit_id, -amount, number),
                self._post(credit_id, amount, number),
                amount,
                code,
                subject,
                self.event.latest_ms,
            )
        )

    def hold(self, account_id: bytes, amount: int) -> None:
        """Set `amount` points of a wallet aside, or free them again when it is negative."""
        account = self.account(account_id)
        held = account.held + amount
        if not 0 <= held <= account.posted:
            raise Impossible(f"{held} points held of {account.posted}")
        self.state.accounts.put(account_id, structs.replace(account, held=held))

    def bought(self, account_id: bytes, day: str) -> bool:
        """Count a purchase more of a member's wallet; return whether it is the first by its day."""
        was = self.account(account_id)
        days = was.bought_on.split()
        if len(days) == was.purchases or day < days[-1]:
            insort(days, day)
        return self._keep_days(account_id, was, was.purchases + 1, days)

    def gave_back(self, account_id: bytes, day: str) -> bool:
        """Count a purchase less; return whether the first one is of another day now.

        Of many purchases only the days of the first are known: the last of these stays while
        anything is kept.
        """
        was = self.account(account_id)
        days = was.bought_on.split()
        if day in days and len(days) > 1:
            days.remove(day)
        return self._keep_days(account_id, was, max(was.purchases - 1, 0), days)

    def account(self, account_id: bytes) -> Account:
        """Return what is on an account; nothing if it was never used."""
        return self.state.accounts.get(account_id) or _EMPTY

    def _keep_days(self, account_id: bytes, was: Account, purchases: int, days: list[str]) -> bool:
        known = " ".join(days[:FIRST_PURCHASES]) if purchases else ""
        now = structs.replace(was, purchases=purchases, bought_on=known)
        self.state.accounts.put(account_id, now)
        return now.first_bought != was.first_bought

    def _post(self, account_id: bytes, amount: int, number: int) -> int:
        """Post an amount; return the number of the transfer that touched the account before."""
        account = self.state.accounts.get(account_id) or _EMPTY
        posted = structs.replace(account, posted=account.posted + amount, last_transfer=number)
        self.state.accounts.put(account_id, posted)
        return account.last_transfer

    @property
    def is_again(self) -> bool:
        """Whether the event waited until now."""
        return self.booked_by != self.event.identity

    def shop(self) -> str | None:
        """Return the shop for which the event's device was enrolled; None for central itself."""
        return self.state.shops.get(self.event.identity.device_id)

    def first_day(self) -> date:
        """Return the earliest day on which the event can have happened."""
        return day_of(self.event.earliest_ms, self.state.zone)

    def last_day(self) -> date:
        """Return the latest day on which the event can have happened."""
        return day_of(self.event.latest_ms, self.state.zone)


@lru_cache(maxsize=1024)  # judging a sale asks twice
def day_of(moment_ms: int, zone: ZoneInfo) -> date:
    """Return the mall's day of a moment (ms UTC)."""
    return datetime.fromtimestamp(moment_ms / 1000, tz=zone).date()


@lru_cache(maxsize=256)
def days_of_claim(sold_on: date, claim_days: int) -> tuple[str, str]:
    """Return the day of a sale and the last day of its claim, as rows have them."""
    return sold_on.isoformat(), (sold_on + timedelta(days=claim_days)).isoformat()


def bounded(name: str, value: int, least: int = 0) -> int:
    """Return `value`. Raises Impossible unless it lies between `least` and what a mall can see."""
    if not least <= value <= AMOUNT_MAX:
        raise Impossible(f"{name} is {value}")
    return value
