"""Asks central while somebody waits, off the agent's loop; the answer comes back as a message."""

import logging
import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from msgspec import Struct

from edge_agent.effects import (
    AskBalance,
    AskCancel,
    AskClaim,
    AskLease,
    AskReserve,
    AskVoucher,
)
from edge_agent.journal.errors import JournalError
from edge_agent.messages import (
    BalanceAnswered,
    CancelAnswered,
    ClaimAnswered,
    LeaseAnswered,
    ReserveAnswered,
    VoucherAnswered,
)
from edge_agent.sync.calls import Offline
from edge_agent.sync.online import Online
from loyalty.wire import (
    BalanceRequest,
    CancelRequest,
    ClaimRequest,
    LeaseRequest,
    ReserveRequest,
    VoucherRequest,
)

AnswerT = TypeVar("AnswerT", bound=Struct)
_log = logging.getLogger(__name__)

Ask = AskBalance | AskClaim | AskReserve | AskLease | AskCancel | AskVoucher


class Asking:
    """Two calls at a time, so that a slow balance does not hold up a redemption."""

    def __init__(self, online: Online, inbox: queue.Queue[Any]) -> None:
        self._online = online
        self._inbox = inbox
        self._workers = ThreadPoolExecutor(2, "asking")

    def ask(self, question: Ask) -> None:
        """Ask, and put the answer on the inbox when it is there."""
        self._workers.submit(self._work, question)

    def stop(self) -> None:
        """Ask nothing more; calls under way end by their own time limits."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _work(self, question: Ask) -> None:
        try:
            answer = self._answered(question)
        except Exception:  # noqa: BLE001 the top of a thread
            # Whoever waits must hear something, or the screen waits for ever.
            _log.exception("asking central failed")
            answer = _unanswered(question)
        self._inbox.put(answer)

    def _answered(self, question: Ask) -> object:
        match question:
            case AskBalance(holder=holder):
                request = BalanceRequest(holder)
                return BalanceAnswered(holder, _told(lambda: self._online.balance(request)))
            case AskClaim(claim_hash=claim_hash):
                return ClaimAnswered(_told(lambda: self._online.claim(ClaimRequest(claim_hash))))
            case AskLease(request_id=request_id):
                lease = lease_request(question)
                return LeaseAnswered(request_id, _told(lambda: self._online.lease(lease)))
            case AskReserve(reward_id=reward_id, pieces=pieces):
                reserve = ReserveRequest(reward_id, pieces)
                return ReserveAnswered(reward_id, _told(lambda: self._online.reserve(reserve)))
            case AskCancel(request_id=request_id, voucher_code=code, why=why):
                cancel = CancelRequest(request_id, code, why)
                return CancelAnswered(code, _told(lambda: self._online.cancel(cancel)))
            case AskVoucher(request_id=request_id, voucher_code=code):
                voucher = VoucherRequest(request_id, code)
                return VoucherAnswered(code, _told(lambda: self._online.voucher(voucher)))


def lease_request(asked: AskLease) -> LeaseRequest:
    """Return what is asked of central; the journal adds the epoch and the run."""
    return LeaseRequest(
        asked.request_id,
        asked.holder,
        asked.reward_id,
        pin=asked.pin,
        shown_pass=asked.shown_pass,
        pieces=asked.pieces,
        points=asked.points,
        bill=asked.bill,
        gives_back=asked.gives_back,
    )


def _unanswered(question: Ask) -> object:
    match question:
        case AskBalance(holder=holder):
            return BalanceAnswered(holder, None)
        case AskClaim():
            return ClaimAnswered(None)
        case AskLease(request_id=request_id):
            return LeaseAnswered(request_id, None)
        case AskReserve(reward_id=reward_id):
            return ReserveAnswered(reward_id, None)
        case AskCancel(voucher_code=code):
            return CancelAnswered(code, None)
        case AskVoucher(voucher_code=code):
            return VoucherAnswered(code, None)


def _told(call: Callable[[], AnswerT | Offline]) -> AnswerT | None:
    """Return central's answer; None when there is none, or it could not be kept on this disk."""
    try:
        answer = call()
    except JournalError:
        return None
    return None if isinstance(answer, Offline) else answer
