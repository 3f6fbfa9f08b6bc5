"""What central answers while somebody waits: the agent's threads for it, as calls.

Mirrors `edge_agent.asking`: whoever asked hears something, also when the disk did not take a note.
"""

from collections.abc import Callable
from typing import TypeVar

from edge_agent.asking import Ask, lease_request
from edge_agent.effects import AskBalance, AskCancel, AskClaim, AskLease, AskReserve, AskVoucher
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
from loyalty.wire import (
    BalanceRequest,
    CancelRequest,
    ClaimRequest,
    ReserveRequest,
    VoucherRequest,
)
from tillpoints.simulation.machines.station import Station

AnswerT = TypeVar("AnswerT")


def answer_to(station: Station, question: Ask) -> object:
    """Ask central what an agent wants to know, and return the message that the agent gets."""
    online = station.online
    match question:
        case AskBalance(holder=holder):
            return BalanceAnswered(holder, _told(lambda: online.balance(BalanceRequest(holder))))
        case AskClaim(claim_hash=claim_hash):
            return ClaimAnswered(_told(lambda: online.claim(ClaimRequest(claim_hash))))
        case AskLease(request_id=request_id):
            lease = lease_request(question)
            return LeaseAnswered(request_id, _told(lambda: online.lease(lease)))
        case AskReserve(reward_id=reward_id, pieces=pieces):
            reserve = ReserveRequest(reward_id, pieces)
            return ReserveAnswered(reward_id, _told(lambda: online.reserve(reserve)))
        case AskCancel(request_id=request_id, voucher_code=code, why=why):
            cancel = CancelRequest(request_id, code, why)
            return CancelAnswered(code, _told(lambda: online.cancel(cancel)))
        case AskVoucher(request_id=request_id, voucher_code=code):
            voucher = VoucherRequest(request_id, code)
            return VoucherAnswered(code, _told(lambda: online.voucher(voucher)))


def _told(call: Callable[[], AnswerT | Offline]) -> AnswerT | None:
    try:
        answer = call()
    except JournalError:
        return None
    return None if isinstance(answer, Offline) else answer
