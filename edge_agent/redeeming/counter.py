"""The shell around a redemption at a screen: the same for kiosk and till. Decides nothing itself.

Turns messages into inputs of `flow`, and carries out what it asks of the journal and of central: a
step counts only once the journal has what belongs to it.
"""

import secrets
from collections.abc import Callable, Iterable

from msgspec import structs

from edge_agent import commands
from edge_agent.asking import Ask
from edge_agent.effects import (
    AskBalance,
    AskCancel,
    AskClaim,
    AskLease,
    AskReserve,
    Effect,
    Member,
    Now,
    Record,
    Terms,
)
from edge_agent.journal.errors import JournalError, LeaseClosed
from edge_agent.journal.journal import Journal
from edge_agent.messages import CancelAnswered, LeaseAnswered, ReserveAnswered
from edge_agent.phrases import Phrase, own_words, phrase
from edge_agent.recording import record
from edge_agent.redeeming import inputs
from edge_agent.redeeming.lending import Lending
from edge_agent.redeeming.offered import inside_of, left_of
from edge_agent.redeeming.reach import Reach
from loyalty.events import Redeem
from loyalty.rules.earning import Reason
from loyalty.wire import Role


class Counter:
    """Where one device redeems. Called by the agent's loop only.

    `role`: what is spent at a till while central is away is handed over at that till alone.
    """

    def __init__(
        self,
        journal: Journal,
        role: Role,
        ask: Callable[[Ask], None],
        online: Callable[[], bool],
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self._journal = journal
        self._role = role
        self._ask = ask
        self._online = online
        self._token = token
        self._unspent: set[str] = set()  # leases whose spend the journal did not take
        self.lending = Lending(journal, ask, token)

    def reach(self, member: Member | None, terms: Terms) -> Reach:
        """Return what can be spent here for a member now."""
        shop = terms.shop
        here = Phrase("at_shop", shop.name_zh, shop.name_en) if self._role == "till" else None
        holder = None if member is None else member.holder
        found = self.lending.reach(holder, terms.book, shop=shop.shop_id, place=here)
        return structs.replace(found, online=self._online())

    def event(
        self, message: object, member: Member | None, now: Now, terms: Terms
    ) -> inputs.Touch | inputs.Answer | None:
        """Return what a message means for the redemption of a member; None: nothing."""
        match message:
            case commands.Choose(reward_id=reward_id):
                return self._chosen(reward_id)
            case commands.Pieces(pieces=pieces):
                return inputs.PiecesSet(pieces)
            case commands.Plate(plate=plate):
                return inputs.PlateTyped(plate)
            case commands.Confirm():
                return inputs.Confirmed(self._token(16), self.reach(member, terms))
            case commands.Prove(pin=pin):
                return inputs.PinTyped(pin)
            case commands.Cancel():
                return inputs.CancelTouched()
            case LeaseAnswered(request_id=request_id, answer=answer):
                self.lending.answered(message)
                place = self._place(answer.place) if answer is not None and answer.place else None
                return inputs.LeaseTold(request_id, answer, place, self.reach(member, terms))
            case ReserveAnswered(reward_id=reward_id, answer=answer):
                return inputs.ReserveTold(reward_id, answer)
            case CancelAnswered(voucher_code=code, answer=answer):
                return inputs.CancelTold(code, answer)
            case _:
                return None

    def balance_came(self, member: Member | None, now: Now, terms: Terms) -> None:
        """Have points set aside for the member who is here, for when central is away."""
        if member is not None and self._online():
            self.lending.wanted(member.holder, terms.book, now)

    def write(self, effects: Iterable[Effect], request_id: str) -> Phrase | None:
        """Write what `effects` want written; return why the journal did not take it."""
        wanted = tuple(effects)
        spends = any(_spends(effect) for effect in wanted)
        try:
            record(self._journal, wanted)
        except JournalError as error:
            if spends:
                self._unspent.add(request_id)
                self.lending.spent(request_id)
                self._give_back()
            closed = isinstance(error, LeaseClosed)
            return phrase(Reason("lease_in_doubt")) if closed else own_words("not_recorded")
        if spends:
            self.lending.spent(request_id)
        return None

    def ask(self, effect: Effect, now: Now) -> bool:
        """Ask central what `effect` wants asked; False: it asks nothing."""
        match effect:
            case AskLease(gives_back=lease_id) if lease_id:
                closed = self.lending.give_back(lease_id, now)
                self._ask(effect if closed else structs.replace(effect, gives_back=""))
            case AskBalance() | AskClaim() | AskReserve() | AskLease() | AskCancel():
                self._ask(effect)
            case _:
                return False
        return True

    def tick(self, now: Now) -> None:
        """Let time pass."""
        self._give_back()
        self.lending.tick(now)

    def _chosen(self, reward_id: str) -> inputs.Chosen | None:
        rewards = self._journal.rewards()
        reward = next((one for one in rewards if one.reward_id == reward_id), None)
        if reward is None:
            return None
        left = left_of(reward, self._journal.stock())
        place = self._place(reward.home_shop or "")
        if left is not None and reward.home_shop is None:
            place = own_words("place_follows")  # central says where the pieces lie
        return inputs.Chosen(reward, place, left, inside_of(reward, rewards))

    def _place(self, shop_id: str) -> Phrase:
        """Return where a reward is handed over: one shop, or any."""
        shop = self._journal.shop(shop_id) if shop_id else None
        return Phrase("at_shop", shop.name_zh, shop.name_en) if shop else own_words("anywhere")

    def _give_back(self) -> None:
        """Let sync give back what was lent for nothing, as soon as the disk takes a note of it."""
        for request_id in sorted(self._unspent):
            try:
                self._journal.lease_dropped(request_id)
            except JournalError:
                return  # at the next tick; else the next run gives it back
            self._unspent.discard(request_id)


def _spends(effect: Effect) -> bool:
    return isinstance(effect, Record) and any(isinstance(body, Redeem) for body in effect.bodies)
