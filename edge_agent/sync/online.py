"""The calls that somebody waits for: a lease, a voucher, a claim, a balance.

Each returns central's answer or `Offline`. Repeating a call with the same request id is safe.
"""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct, structs

from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Offline, Refused
from loyalty import wire
from loyalty.rules.earning import Reason
from loyalty.wire import (
    BalanceAnswer,
    BalanceRequest,
    CancelAnswer,
    CancelRequest,
    ClaimAnswer,
    ClaimRequest,
    LeaseAnswer,
    LeaseRequest,
    ReserveAnswer,
    ReserveRequest,
    VoucherAnswer,
    VoucherRequest,
)

AnswerT = TypeVar("AnswerT", bound=Struct)

_PICTURE_BYTES_MAX = 256 * 1024


class Online:
    """Asks central while a person waits. May be called from any thread but the sync thread's.

    `has_room` tells whether the disk has room left to record a redemption for sure.
    """

    def __init__(
        self,
        journal: Journal,
        caller: Caller,
        *,
        session: str,
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        self._journal = journal
        self._caller = caller
        self._session = session
        self._has_room = has_room

    def lease(self, asked: LeaseRequest) -> LeaseAnswer | Offline:
        """Ask for points of a reward, in the epoch of this journal and for this run.

        The request is kept before it is sent. A granted lease must be spent by a `Redeem` of this
        session; one whose answer got lost is given back by itself, unless it is asked for again
        with the same request id. While central takes nothing of this chain nothing is asked: a
        lease of it could not be spent. Raises JournalFailure if the request could not be kept.
        """
        if self._journal.outbox().refused:
            return LeaseAnswer(refusal=Reason("epoch_sealed"))
        if not self._has_room():
            return LeaseAnswer(refusal=Reason("disk_full"))
        request = self._journal.lease_asked(
            self._session, asked.request_id, asked.holder, asked.reward_id
        )
        # What proves the member is sent and never kept.
        sent = structs.replace(
            asked,
            holder=request.holder,
            reward_id=request.reward_id,
            epoch=request.epoch,
            session=request.session,
        )
        answer = self._ask(wire.LEASE_PATH, sent, LeaseAnswer)
        if isinstance(answer, Offline):
            self._journal.lease_dropped(request.request_id)
        else:
            self._journal.lease_answered(request.request_id, answer)
        return answer

    def voucher(self, request: VoucherRequest) -> VoucherAnswer | Offline:
        """Ask central to use up a voucher at this device."""
        return self._ask(wire.VOUCHER_PATH, request, VoucherAnswer)

    def reserve(self, request: ReserveRequest) -> ReserveAnswer | Offline:
        """Ask central to keep pieces of a reward while its member decides."""
        return self._ask(wire.RESERVE_PATH, request, ReserveAnswer)

    def cancel(self, request: CancelRequest) -> CancelAnswer | Offline:
        """Ask central to take a redemption of this device back."""
        return self._ask(wire.CANCEL_PATH, request, CancelAnswer)

    def claim(self, request: ClaimRequest) -> ClaimAnswer | Offline:
        """Ask what a claim code stands for."""
        return self._ask(wire.CLAIM_PATH, request, ClaimAnswer)

    def picture(self, name: str) -> bytes | None:
        """Return a reward's picture; None if central cannot be asked or has none."""
        answered = self._caller.fetch(f"/pictures/{name}", 0, _PICTURE_BYTES_MAX)
        return answered[0] if isinstance(answered, tuple) else None

    def balance(self, request: BalanceRequest) -> BalanceAnswer | Offline:
        """Ask what a holder has now."""
        return self._ask(wire.BALANCE_PATH, request, BalanceAnswer)

    def _ask(self, path: str, request: Struct, answer: type[AnswerT]) -> AnswerT | Offline:
        answered = self._caller.call(path, request, answer)
        if isinstance(answered, Refused):
            return Offline("unable", f"{answered.code}: {answered.detail}")
        return answered if isinstance(answered, Offline) else answered[0]
