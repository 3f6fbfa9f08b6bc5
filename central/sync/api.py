"""The agents' API: the paths of wire.py as a Flask blueprint.

Owns bodies, bounds, signatures and status codes; the answers come from the rooms beside it. A call
is refused with a Problem and never with a page.
"""

import traceback
from collections.abc import Callable
from typing import TypeVar

import msgspec
import structlog
from flask import Blueprint, Response, request, send_file
from msgspec import Struct, structs
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from central.ledger.queries import balance_of, claim_state
from central.ledger.writing.items import UnknownEpoch
from central.serving.channels import WAITED_S
from central.sync import (
    enrolment,
    papers,
    pulling,
    pushing,
    rehoming,
    spending,
    telling,
    tenant_moves,
)
from central.sync.callers import Caller, authenticate
from central.sync.census import Census
from central.sync.combiner import Busy
from central.sync.lost_leases import LostLeases
from central.sync.problems import Refused, malformed, plain
from central.sync.rekeying import receive as take_key
from central.sync.reward_offers import had_of
from central.sync.service import Service
from central.sync.trails import receive as write_down
from central.sync.witnesses import receive as take_note
from loyalty import wire
from loyalty.directory import DIRECTORY_PATH, NewKey, key_message
from loyalty.rekeying import REKEY_PATH, RekeyRequest
from loyalty.reviewing import PAPER_PATH, PaperRequest
from loyalty.seals import WITNESS_PATH, Contradiction
from loyalty.trails import TRAIL_PATH, Gaps
from loyalty.wire import Problem

_BODY_BYTES_MAX = (1 << 20) + (1 << 16)  # one batch that does not compress, and its envelope
_RETRY_AFTER_S = 2
# Agents wait 15 s for an answer. What has waited for a thread for most of that is answered behind
# the time, and asked again meanwhile: after an outage of a mall that would be all that is done.
_WAITED_S_MAX = 8.0
_MSGPACK = "application/msgpack"
_BYTES = "application/octet-stream"
_FOR_EVER_S = 31_536_000

Q = TypeVar("Q", bound=Struct)
Handler = Callable[[Service, Caller, Q], Struct]

_log = structlog.get_logger(__name__)


def blueprint(service: Service) -> Blueprint:
    """Return the routes of `loyalty.wire`, answered by `service` (see central.sync.service)."""
    routes = Blueprint("sync", __name__)
    lost_leases = LostLeases(service)
    census = Census(service.engine, service.shard_key)

    def push(_service: Service, caller: Caller, asked: wire.PushRequest) -> wire.PushAnswer:
        answer = _push(service, caller, asked)
        census.heard(caller.device_id, asked, answer, caller.incarnation)
        lost_leases.heard(answer.judged)
        lost_leases.settle()
        return answer

    def lease(_service: Service, caller: Caller, asked: wire.LeaseRequest) -> wire.LeaseAnswer:
        lost_leases.settle()
        return spending.lease(service, caller, asked)

    def pull(service: Service, caller: Caller, asked: wire.PullRequest) -> wire.PullAnswer:
        lost_leases.settle()  # when nobody has anything to push, too
        return _pull(service, caller, asked)

    def route(path: str, answer: Callable[[bytes], Struct]) -> None:
        def view() -> Response:
            return _answered(lambda: _packed(200, answer(_body())))

        routes.add_url_rule(path, path.rpartition("/")[2], view, methods=["POST"])

    def signed(path: str, type_: type[Q], handler: Handler[Q]) -> None:
        def answer(body: bytes) -> Struct:
            return handler(service, _caller(service, path, body), _decoded(body, type_))

        route(path, answer)

    route(wire.ENROL_PATH, lambda body: _enrol(service, _decoded(body, wire.EnrolRequest)))
    signed(wire.PUSH_PATH, wire.PushRequest, push)
    signed(wire.PULL_PATH, wire.PullRequest, pull)
    signed(wire.REHOME_PATH, wire.RehomeRequest, rehoming.answer)
    signed(wire.LEASE_PATH, wire.LeaseRequest, _of_this_central(lease))
    signed(wire.VOUCHER_PATH, wire.VoucherRequest, _of_this_central(spending.voucher))
    signed(wire.RESERVE_PATH, wire.ReserveRequest, _of_this_central(spending.reserve))
    signed(wire.CANCEL_PATH, wire.CancelRequest, _of_this_central(spending.cancel))
    signed(wire.CLAIM_PATH, wire.ClaimRequest, _claim)
    signed(wire.BALANCE_PATH, wire.BalanceRequest, _balance)
    signed(PAPER_PATH, PaperRequest, papers.receive)
    signed(WITNESS_PATH, Contradiction, take_note)
    signed(REKEY_PATH, RekeyRequest, take_key)
    signed(TRAIL_PATH, Gaps, write_down)

    @routes.get(DIRECTORY_PATH + "<name>")
    def member_file(name: str) -> Response:
        def answer() -> Response:
            _caller(service, DIRECTORY_PATH + name, b"")
            return _file(service, name)

        return _answered(answer)

    return routes


def _caller(service: Service, path: str, body: bytes) -> Caller:
    """Return who signed the call at hand. Raises Refused, also for too many calls."""
    key, headers, now_ms = service.shard_key, dict(request.headers), service.now_ms()
    found = service.read(
        lambda one: authenticate(one, key, request.method, path, headers, body, now_ms)
    )
    wait_s = service.calls.take(found.device_id, service.now_ms())
    if wait_s:
        raise Refused(429, "too_many_calls", "this device calls too often", wait_s)
    return found


def _of_this_central(handler: Handler[Q]) -> Handler[Q]:
    """Refuse what was asked of this central as it was before a restore: 503, until it pulls.

    What was refused then may be forgotten now, and a late copy of the request would be granted to
    a device that has long given it up.
    """

    def answer(service: Service, caller: Caller, asked: Q) -> Struct:
        if caller.incarnation and caller.incarnation != service.incarnation().hex():
            raise Refused(503, "restored", "asked before the server was restored", _RETRY_AFTER_S)
        return handler(service, caller, asked)

    return answer


def _answered(answer: Callable[[], Response]) -> Response:
    """Return what `answer` makes of the call at hand, or the Problem it met."""
    if request.environ.get(WAITED_S, 0.0) > _WAITED_S_MAX:
        return _busy()
    try:
        return answer()
    except Refused as refused:
        return _packed(refused.status, refused.problem, refused.retry_after_s)
    except UnknownEpoch as error:
        return _packed(409, Problem("epoch_unknown", str(error)))
    except (Busy, OperationalError, InterfaceError, TimeoutError) as error:
        _log.warning("sync_busy", error=type(error).__name__)
        return _busy()
    except Exception as error:  # noqa: BLE001  # the edge of the program: agents read no pages
        # The error's own text may quote an event, and logs hold no data of persons (P10).
        trace = "".join(traceback.format_tb(error.__traceback__))
        _log.error("sync_failed", error=type(error).__name__, path=request.path, trace=trace)
        return _packed(500, Problem("internal", "the server failed; its log says where"))


def _busy() -> Response:
    return _packed(503, Problem("busy", "come back later"), _RETRY_AFTER_S)


def _packed(status: int, message: Struct, retry_after_s: int = 0) -> Response:
    response = Response(wire.pack(message), status, mimetype=_MSGPACK)
    if retry_after_s:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def _body() -> bytes:
    """Return the call's body. Raises Refused, 411 or 413, before reading one that is too long."""
    length = request.content_length
    if length is None:
        raise Refused(411, "length", "a call names the length of its body")
    if length > _BODY_BYTES_MAX:
        raise Refused(413, "too_large", f"a call has at most {_BODY_BYTES_MAX} bytes")
    return request.get_data(cache=False)


def _decoded(body: bytes, type_: type[Q]) -> Q:
    try:
        return msgspec.msgpack.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(str(error)) from error


def _enrol(service: Service, asked: wire.EnrolRequest) -> wire.EnrolAnswer:
    return enrolment.answer(service, asked)


def _push(service: Service, caller: Caller, asked: wire.PushRequest) -> wire.PushAnswer:
    push = pushing.checked(asked, caller, service.shard_key, service.now_ms())
    wait_s = service.events.take(caller.device_id, service.now_ms(), len(push.frames))
    if wait_s:
        raise Refused(429, "too_many_events", "this device sends too many events", wait_s)
    return pushing.answer(service.push(push), service.now_ms())


def _pull(service: Service, caller: Caller, asked: wire.PullRequest) -> wire.PullAnswer:
    held, files = asked.held, service.member_files
    moves = held is not None and held.key_check != files.key_check
    answer, look = service.read(
        lambda connection: pulling.page(
            connection, service.shard_key, caller.device_id, asked, other_key=moves
        )
    )
    if look is not None:
        files.need(look)
    if not moves:
        if held is not None and caller.tenant_number != files.key_number:
            tenant_moves.note(service, caller)
        return answer
    message = key_message(caller.device_id, service.tenant_key)
    signed = NewKey(service.tenant_key, service.central_key.sign(message))
    return structs.replace(answer, new_key=signed)


def _file(service: Service, name: str) -> Response:
    """Return a member file or delta, or the part asked for. Raises Refused, 404 or 416."""
    path = service.member_files.path(name)
    if path is None:
        raise Refused(404, "file_unknown", "there is no such file (any more)")
    try:
        response = send_file(path, _BYTES, etag=name, max_age=_FOR_EVER_S, conditional=True)
    except RequestedRangeNotSatisfiable as error:
        raise Refused(416, "range", "the file has no such bytes") from error
    # The name says what is in it: any copy is good, also one that a shop's hub keeps for its tills.
    response.cache_control.public = True
    response.cache_control.immutable = True
    return response


def _claim(service: Service, _caller: Caller, asked: wire.ClaimRequest) -> wire.ClaimAnswer:
    try:
        claim_hash = bytes.fromhex(asked.claim_hash)
    except ValueError as error:
        raise malformed("claim_hash is not hexadecimal") from error
    return service.read(
        lambda connection: claim_state(connection, service.shard_key, claim_hash, service.now_ms())
    )


def _balance(service: Service, caller: Caller, asked: wire.BalanceRequest) -> wire.BalanceAnswer:
    plain("holder", asked.holder.key)
    key, now_ms = service.shard_key, service.now_ms()
    had = service.read(lambda connection: had_of(connection, key, asked.holder, now_ms))
    answer = service.read(
        lambda connection: balance_of(connection, key, asked.holder, caller.device_id)
    )
    told = service.read(lambda connection: telling.told(connection, key, asked.holder, now_ms))
    return structs.replace(answer, had=had, told=told)
