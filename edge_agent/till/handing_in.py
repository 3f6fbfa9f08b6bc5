"""A voucher is handed in at this till: accepted once, or refused with the reason.

The till named in the voucher takes it by its own journal, offline too, scanned or typed: central
tells it beforehand which codes are its own. Any other voucher is used up by central while the
cashier waits. Nothing is handed over before one of them has written it down.
"""

import secrets
from collections.abc import Callable

from msgspec import UNSET, Struct, structs

from edge_agent.asking import Ask
from edge_agent.effects import AskVoucher, Now
from edge_agent.journal.errors import Duplicate, JournalError
from edge_agent.journal.identity import Identity
from edge_agent.journal.journal import Journal
from edge_agent.journal.spending.coupons import KeptCoupon
from edge_agent.messages import VoucherAnswered
from edge_agent.phrases import Phrase, Tone, counted, own_words, phrase
from edge_agent.till.coupons import Coupons
from loyalty.catalogue import coupon_of
from loyalty.codes import VoucherCode
from loyalty.coupons import Coupon
from loyalty.events import VoucherUse
from loyalty.leases import READY_REWARD
from loyalty.rules.earning import Reason
from loyalty.vouchers import NotAVoucher, Voucher, read_signed
from loyalty.wire import RewardRow, VoucherAnswer

Told = tuple[Tone, Phrase]


class Shown(Struct, frozen=True):
    """The last voucher that was handed in, for the screen."""

    accepted: bool
    code: str
    phrase: Phrase
    reward: RewardRow | None = None


class HandingIn:
    """Decides on vouchers at one till. Called by the agent's loop only."""

    def __init__(
        self,
        journal: Journal,
        identity: Identity,
        ask: Callable[[Ask], None],
        token: Callable[[int], str] = secrets.token_hex,
    ) -> None:
        self._token = token
        self._journal = journal
        self._identity = identity
        self._ask = ask
        self._asked: VoucherUse | None = None
        self._said = Voucher(identity.shard_key, "", "", None, "")
        self._asked_coupon = ""
        self.coupons = Coupons(journal, identity)
        self._if_silent = "voucher_offline"
        self.shown: Shown | None = None

    def dismiss(self) -> None:
        """Close the box."""
        self.shown = None

    def scanned(self, scan: VoucherCode, now: Now) -> Told | None:
        """Take a voucher; None when central has to be asked first."""
        if scan.signed is None:
            return self._typed(scan.code or "", now)
        try:
            voucher = read_signed(scan.signed, self._identity.central_key)
        except NotAVoucher:
            return self._refused("", Reason("voucher_forged"))
        if voucher.shard_key != self._identity.shard_key:
            return self._refused("", Reason("voucher_forged"))
        is_coupon = self._terms(voucher.coupon, voucher.reward_id) is not None
        if is_coupon and self.coupons.keeps_another(voucher.code):
            return "error", own_words("coupon_one_at_a_time")
        if voucher.home_device is None:
            return self._ask_central(voucher, now, "voucher_offline", again=is_coupon)
        if voucher.home_device != self._identity.device_id.hex():
            return self._refused(voucher.code, Reason("voucher_elsewhere"))
        return self._at_home(voucher, now)

    def answered(self, answer: VoucherAnswered) -> Told | None:
        """Act on central's answer; one to a question of before is of no use any more."""
        asked = self._asked
        if asked is None or answer.voucher_code != asked.voucher_code:
            return None
        self._asked = None
        if answer.answer is None:
            self._no_answer(asked)
            return self._refused(answer.voucher_code, Reason(self._if_silent))
        if answer.answer.refusal is not None:
            # The question stays: a late copy of it may still take the voucher, for us.
            return self._refused(answer.voucher_code, answer.answer.refusal)
        return self._taken(asked, self._as_told(answer.answer))

    def _as_told(self, told: VoucherAnswer) -> Voucher:
        """Return a voucher as central took it; what was scanned is signed and forgets nothing.

        A central that was restored may have made its lease again out of less than that.
        """
        said = self._said
        return structs.replace(
            said,
            reward_id=told.reward_id,
            home_device=None,
            valid_until=told.valid_until or said.valid_until,
            pieces=max(told.pieces, said.pieces),
            coupon=told.coupon if said.coupon is None else said.coupon,
        )

    def _no_answer(self, asked: VoucherUse) -> None:
        if self._asked_coupon == asked.voucher_code:
            self.coupons.unanswered(asked)

    def _typed(self, code: str, now: Now) -> Told | None:
        """Take a typed code by what central told this till alone; else ask, online only."""
        known = self._journal.voucher(code)
        if known is None:
            unknown = Voucher(self._identity.shard_key, code, "", None, "")
            return self._ask_central(unknown, now, "voucher_not_known_here")
        own = (self._identity.shard_key, code, known.reward_id, self._identity.device_id.hex())
        return self._at_home(Voucher(*own, known.valid_until, known.pieces, known.coupon), now)

    def _ask_central(
        self, voucher: Voucher, now: Now, if_silent: str, *, again: bool = False
    ) -> Told | None:
        """Ask central; a coupon may be good `again` although it was used here."""
        code = voucher.code
        if self._asked is not None and self._asked.voucher_code == code:
            return None  # the scanner was triggered twice; the answer is on its way
        if self._journal.voucher_used(code) and not again:
            return self._refused(code, Reason("voucher_used"))
        try:
            # The same until central answers: if it took the voucher and its answer got lost, the
            # next scan gets that answer.
            drawn = f"{self._token(8)}-{now.moment.wall_ms}"
            request_id = self._journal.voucher_asked(code, drawn)
        except JournalError:
            return self._not_recorded(code)
        if self._asked is not None:
            self._no_answer(self._asked)  # nobody will look at it: another one was scanned
        self._asked = VoucherUse(now.moment, code, self._identity.device_id.hex(), request_id)
        self._said = voucher
        self._asked_coupon = code if again else ""
        self._if_silent = if_silent
        self._ask(AskVoucher(request_id, code))
        return "info", own_words("checking")

    def _at_home(self, voucher: Voucher, now: Now) -> Told | None:
        code, valid_until = voucher.code, voucher.valid_until
        if now.today is None:
            # After a reboot nobody here knows the day, and the wall clock is not trusted (P8).
            return self._ask_central(voucher, now, "voucher_day_unsure")
        if valid_until < now.today.isoformat():
            return self._refused(code, Reason("voucher_expired", {"until": valid_until}))
        if self._journal.voucher_cancelled(code):
            return self._refused(code, Reason("voucher_cancelled"))
        if voucher.reward_id == READY_REWARD:  # made while cut off: only its spend says what for
            made = self._journal.redeemed(code)
            if made is None or made.pieces is UNSET:
                return self._refused(code, Reason("voucher_unknown"))
            voucher = structs.replace(voucher, reward_id=made.reward_id, pieces=made.pieces)
        coupon = self._terms(voucher.coupon, voucher.reward_id)
        if coupon is not None and self._journal.voucher_used(code):
            # Its bill may have come back at another till of the shop, which central alone knows.
            # But before it has heard of that bill at all it would take the coupon a second time.
            if not self._journal.outbox().is_empty:
                return self._refused(code, Reason("voucher_used"))
            return self._ask_central(voucher, now, "voucher_used", again=True)
        # If central was asked before and its answer got lost, it may have taken it for us.
        request_id = self._journal.voucher_request(code)
        used = VoucherUse(now.moment, code, self._identity.device_id.hex(), request_id)
        if self._asked is not None and self._asked.voucher_code == code:
            self._asked = None
        return self._taken(used, voucher)

    def _terms(self, coupon: Coupon | None, reward_id: str) -> Coupon | None:
        """Return what a coupon takes off; of one bought before it said so, by the catalogue."""
        reward = self._reward(reward_id) if coupon is None else None
        return coupon_of(reward.details) if reward is not None else coupon

    def _taken(self, used: VoucherUse, voucher: Voucher) -> Told:
        """Write a voucher down here too: its home till must know what central took when asked.

        A coupon is written down with its bill.
        """
        code, reward_id, until = voucher.code, voucher.reward_id, voucher.valid_until
        coupon = self._terms(voucher.coupon, reward_id)
        if coupon is not None:
            self.shown = None
            return self.coupons.keep(
                KeptCoupon(code, reward_id, coupon, until, used.request_id, used.at)
            )
        try:
            self._journal.append([used])
        except Duplicate:
            return self._refused(used.voucher_code, Reason("voucher_used"))
        except JournalError:
            return self._not_recorded(used.voucher_code)
        return self._accepted(code, reward_id, voucher.pieces)

    def _not_recorded(self, code: str) -> Told:
        words = own_words("not_recorded")
        self.shown = Shown(accepted=False, code=code, phrase=words)
        return "error", words

    def _accepted(self, code: str, reward_id: str, pieces: int) -> Told:
        reward = self._reward(reward_id)
        zh = counted(reward.name_zh if reward else reward_id, pieces)
        en = counted(reward.name_en if reward else reward_id, pieces)
        words = Phrase(
            "voucher_accepted",
            own_words("voucher_accepted", reward=zh).zh,
            own_words("voucher_accepted", reward=en).en,
        )
        self.shown = Shown(accepted=True, code=code, phrase=words, reward=reward)
        return "ok", words

    def _reward(self, reward_id: str) -> RewardRow | None:
        rewards = self._journal.rewards()
        return next((one for one in rewards if one.reward_id == reward_id), None)

    def _refused(self, code: str, reason: Reason) -> Told:
        words = phrase(reason)
        self.shown = Shown(accepted=False, code=code, phrase=words)
        return "error", words
