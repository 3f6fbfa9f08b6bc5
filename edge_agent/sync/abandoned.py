"""Gives leases back that were asked for and then not used: a crash, or an answer that got lost.

Asking again under the same request id tells whether central granted it; then one event closes it
and the points are the member's again. A lease of an earlier run is closed only when central says
that no other run may spend it any more: a copy of this disk could still be running (SYNC 2.5).
"""

import logging

from msgspec import structs

from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Done, Refused, Trouble
from loyalty import wire
from loyalty.events import Moment
from loyalty.leases import ARMED_ELSEWHERE
from loyalty.rules.earning import Reason
from loyalty.wire import LeaseAnswer

#: HTTP: the device itself is refused, which says nothing about its lease.
_NOT_KNOWN_HERE = (401, 403)

_log = logging.getLogger(__name__)


def give_back(journal: Journal, caller: Caller, session: str, now: Moment) -> Done | Trouble:
    """Close every lease that no session has a use for any more."""
    settled = False
    for lease in journal.stranded_leases(session):
        answer, request = lease.answer, lease.request
        if answer is None or not journal.asked_in_this_run(request.request_id):
            again = structs.replace(request, session=session)
            answered = caller.call(wire.LEASE_PATH, again, LeaseAnswer)
            if isinstance(answered, Refused) and answered.status not in _NOT_KNOWN_HERE:
                # Central will never grant this one; the rest of sync must not wait for it.
                _log.warning("a lease request is over: %s: %s", answered.code, answered.detail)
                answered = (LeaseAnswer(refusal=Reason(answered.code)), 0.0)
            if not isinstance(answered, tuple):
                return answered
            answer = answered[0]
            if answer.refusal is not None and answer.refusal.code == ARMED_ELSEWHERE:
                continue
            journal.lease_answered(request.request_id, answer)
        settled = True
        if answer.refusal is None:
            journal.close_lease(session, request.request_id, now)
    return Done(more=settled)
