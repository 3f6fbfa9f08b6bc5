"""Calls to central: how they are signed, and what can come of one.

A call either gets central's answer, or `Refused` (central was there and said no), or `Offline`
(nobody can say). Source of paths and headers: `loyalty.wire`.
"""

import secrets
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Literal, Protocol, TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from edge_agent.journal.clock import moment
from edge_agent.journal.errors import NotEnrolled
from edge_agent.journal.identity import device_key
from edge_agent.journal.reader import Reader
from loyalty import chain, wire
from loyalty.events import Moment
from loyalty.facts import ClockSample

AnswerT = TypeVar("AnswerT", bound=Struct)

MEDIA_TYPE = "application/msgpack"
#: HTTP: what follows is the part that was asked for.
_PARTIAL = 206
#: HTTP: the call is longer than somebody on the way takes; a proxy says so in its own words.
TOO_LARGE = 413


class Reply(Struct, frozen=True):
    """What came back over the wire: an HTTP status, the bytes, how long it took."""

    status: int
    body: bytes
    elapsed_s: float
    retry_after_s: float = 0.0


class Offline(Struct, frozen=True):
    """Central could not be reached or could not work; the call may or may not have counted.

    `timeout`: it took longer than it may; `unreachable`: no connection, or it broke;
    `unable`: central answered that it cannot now; `nonsense`: not an answer of central at all.
    """

    why: Literal["timeout", "unreachable", "unable", "nonsense"]
    detail: str
    retry_after_s: float = 0.0


class Refused(Struct, frozen=True):
    """Central said no to the call itself: the device is unknown, revoked or too old."""

    status: int
    code: str
    detail: str


Trouble = Offline | Refused


class Done(Struct, frozen=True):
    """A step worked. `more`: there is more to do at once; central wants `wait_s` before that."""

    more: bool = False
    wait_s: float = 0.0


class Transport(Protocol):
    """Carries one request. Must be safe to call from several threads."""

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply | Offline:
        """Send `body` to a path of central and return what came back."""

    def get(self, path: str, headers: Mapping[str, str]) -> Reply | Offline:
        """Ask for what is at a path of central and return what came back."""


def make_nonce() -> str:
    """Return what makes one call different from every other."""
    return secrets.token_hex(16)


class Caller:
    """Makes signed calls in the name of the device whose journal this is."""

    def __init__(
        self,
        journal: Reader,
        transport: Transport,
        nonce: Callable[[], str] = make_nonce,
        key: Ed25519PrivateKey | None = None,
        now: Callable[[], Moment] = moment,
    ) -> None:
        """Take what the calls go over; `key` is the device's own unless told."""
        self._journal = journal
        self._transport = transport
        self._nonce = nonce
        self._key = key
        self._now = now
        self._told: ClockSample | None = None  # central's time when it last doubted ours

    @property
    def key(self) -> Ed25519PrivateKey:
        """The device's private key."""
        if self._key is None:
            self._key = device_key(self._journal.directory)
        return self._key

    def call(
        self, path: str, message: Struct, answer: type[AnswerT]
    ) -> tuple[AnswerT, float] | Offline | Refused:
        """Send a signed message; return its answer with the seconds it took.

        Raises NotEnrolled before enrolment.
        """
        body = wire.pack(message)

        def send() -> Reply | Offline:
            headers = {"Content-Type": MEDIA_TYPE, **self._signed("POST", path, body)}
            return self._transport.post(path, headers, body)

        return read(self._timed(send), answer)

    def fetch(self, path: str, start: int, size: int) -> tuple[bytes, float] | Offline | Refused:
        """Ask for `size` bytes of a file from `start` on; return them with the seconds it took.

        Fewer come where the file ends. Raises NotEnrolled before enrolment.
        """
        wanted = {"Range": f"bytes={start}-{start + size - 1}", "Accept-Encoding": "identity"}

        def send() -> Reply | Offline:
            return self._transport.get(path, {**wanted, **self._signed("GET", path, b"")})

        reply = self._timed(send)
        if isinstance(reply, Reply) and reply.status == _PARTIAL:
            return reply.body, reply.elapsed_s
        answer = read(reply, wire.Problem)
        if isinstance(answer, tuple):
            return Offline("nonsense", "a whole file came where a part was asked for")
        return answer

    def _timed(self, send: Callable[[], Reply | Offline]) -> Reply | Offline:
        """Make a call, and once more if central says what time it is first."""
        reply = send()
        told_ms = _clock_told(reply)
        if told_ms is None:
            return reply
        self._told = ClockSample(told_ms, self._now().boottime_ms, 0)
        return send()

    def _dated_nonce(self) -> str:
        """Return a nonce that says when this call is sent, so that no copy of it is good for long.

        A boot without contact can only guess; central then tells what time it is.
        """
        at, told = self._now(), self._told
        if told is not None:
            sent_ms = told.server_ms + at.boottime_ms - told.boottime_ms
        else:
            sent_ms = self._journal.server_ms(at)
        return f"{max(sent_ms, 0)}.{self._nonce()}"

    def _signed(self, method: str, path: str, body: bytes) -> dict[str, str]:
        identity = self._journal.identity()
        if identity is None:
            raise NotEnrolled("this device is not enrolled")
        nonce, incarnation = self._dated_nonce(), self._journal.cursor().incarnation.hex()
        signed = chain.call_message(method, path, identity.device_id, nonce, body, incarnation)
        known = {wire.INCARNATION_HEADER: incarnation} if incarnation else {}
        return {
            wire.DEVICE_HEADER: identity.device_id.hex(),
            wire.NONCE_HEADER: nonce,
            wire.SIGNATURE_HEADER: chain.sign(self.key, signed).hex(),
            **known,
        }


def read(
    reply: Reply | Offline, answer: type[AnswerT]
) -> tuple[AnswerT, float] | Offline | Refused:
    """Return what a reply says."""
    if isinstance(reply, Offline):
        return reply
    try:
        if reply.status == 200:
            return msgspec.msgpack.decode(reply.body, type=answer), reply.elapsed_s
        problem = msgspec.msgpack.decode(reply.body, type=wire.Problem)
    except msgspec.MsgspecError as error:
        if reply.status == TOO_LARGE:
            return Refused(TOO_LARGE, "too_large", "a proxy on the way takes no call of this size")
        # A proxy, a captive portal, a central that died half-way: not a word of central's.
        return Offline("nonsense", f"HTTP {reply.status}: {error}", reply.retry_after_s)
    if reply.status >= 500 or reply.status in {408, 429} or problem.code == wire.CLOCK:
        return Offline("unable", f"{problem.code}: {problem.detail}", reply.retry_after_s)
    return Refused(reply.status, problem.code, problem.detail)


def _clock_told(reply: Reply | Offline) -> int | None:
    """Return central's time (ms UTC) if that is why it refused a call, else None."""
    if isinstance(reply, Offline) or reply.status != HTTPStatus.UNAUTHORIZED:
        return None
    try:
        problem = msgspec.msgpack.decode(reply.body, type=wire.Problem)
    except msgspec.MsgspecError:
        return None  # not central's word
    return problem.server_ms if problem.code == wire.CLOCK else None
