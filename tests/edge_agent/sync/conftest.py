"""A till and a small central that speaks `loyalty.wire` over real HTTP, with faults to switch on.

The central here keeps chains, a feed and the rules of SYNC 2.2; it posts nothing. What it finds
wrong with a call it notes in `complaints`, and every test ends by looking there.
"""

import random
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from msgspec import structs
from werkzeug.serving import WSGIRequestHandler, make_server

from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller
from edge_agent.sync.enrol import enrol
from edge_agent.sync.online import Online
from edge_agent.sync.syncer import Syncer
from edge_agent.sync.transport import HttpTransport
from loyalty import chain, wire
from loyalty.chain import Frame, Stream
from loyalty.directory import DIRECTORY_PATH, DirectoryOffer
from loyalty.events import ReviewOpened, body_of
from loyalty.reviewing import PAPER_PATH, PaperAnswer, PaperRequest
from loyalty.wire import (
    EnrolAnswer,
    EnrolRequest,
    FeedRow,
    HeldEpoch,
    Judged,
    Problem,
    PullAnswer,
    PullRequest,
    PushAnswer,
    PushRequest,
    RehomeAnswer,
    RehomeRequest,
    Verdict,
)
from tests.edge_agent.journal.conftest import DEVICE, at, enrolment
from tests.loyalty.directories import name_of

CODE = "ENROL-ONCE"


class TinyCentral:
    """Answers one device. Set the public attributes to make it misbehave."""

    def __init__(self) -> None:
        self.public_key = b""
        self.incarnation = b"one"
        self.hashes: list[bytes] = [enrolment().anchor]
        self.frames: list[Frame] = []
        self.papers: dict[str, bytes] = {}
        self.feed: list[FeedRow] = []
        self.pushes: list[PushRequest] = []
        self.nonces: set[str] = set()
        self.complaints: list[str] = []
        self.verdict: Callable[[int], Judged] = lambda seq: Judged(seq, Verdict.APPLIED, "")
        self.lose_replies = 0
        self.answer_http: list[tuple[int, bytes]] = []
        self.body_bytes_max: int | None = None  # of a proxy before it
        self.sealed = False
        self.epoch = 1
        self.held: list[HeldEpoch] = []
        self.lost_epochs: set[int] = set()
        self.granted_to = ""
        self.retry_after_s = 0
        self.files: dict[str, bytes] = {}
        self.offer: DirectoryOffer | None = None
        self.ranges: list[tuple[str, str]] = []
        self.cut_after: int | None = None
        self.answers: dict[str, Any] = {}
        self.asked: list[Any] = []

    # ---- WSGI

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, answer = self._respond(environ, body)
        if self.lose_replies:
            self.lose_replies -= 1
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        start(f"{status} X", [("Content-Length", str(len(answer)))])
        return [answer]

    def _respond(self, environ: dict[str, Any], body: bytes) -> tuple[int, bytes]:
        path = environ["PATH_INFO"]
        if self.body_bytes_max is not None and len(body) > self.body_bytes_max:
            return 413, b"<html>413 Request Entity Too Large</html>"
        if self.answer_http:
            return self.answer_http.pop(0)
        if path != wire.ENROL_PATH and not self._signed(environ, path, body):
            return 401, wire.pack(Problem("signature", "the call is not signed by this device"))
        match path:
            case wire.ENROL_PATH:
                return self._enrol(msgspec.msgpack.decode(body, type=EnrolRequest))
            case wire.PUSH_PATH:
                pushed = msgspec.msgpack.decode(body, type=PushRequest)
                if pushed.epoch in self.lost_epochs:
                    return 409, wire.pack(Problem("epoch_unknown", "never granted here"))
                return 200, wire.pack(self._push(pushed))
            case wire.PULL_PATH:
                return 200, wire.pack(self._pull(msgspec.msgpack.decode(body, type=PullRequest)))
            case str() if path.startswith(DIRECTORY_PATH):
                return self._part(environ, path.removeprefix(DIRECTORY_PATH))
            case wire.REHOME_PATH:
                return self._rehome(msgspec.msgpack.decode(body, type=RehomeRequest))
            case str() if path == PAPER_PATH:
                return 200, wire.pack(self._paper(msgspec.msgpack.decode(body, type=PaperRequest)))
        self.asked.append(msgspec.msgpack.decode(body))
        answer = self.answers[path]
        return 409 if isinstance(answer, Problem) else 200, wire.pack(answer)

    def _signed(self, environ: dict[str, Any], path: str, body: bytes) -> bool:
        nonce = environ["HTTP_TILLPOINTS_NONCE"]
        device = bytes.fromhex(environ["HTTP_TILLPOINTS_DEVICE"])
        known = environ.get("HTTP_TILLPOINTS_INCARNATION", "")
        message = chain.call_message(environ["REQUEST_METHOD"], path, device, nonce, body, known)
        signature = bytes.fromhex(environ["HTTP_TILLPOINTS_SIGNATURE"])
        if nonce in self.nonces:
            self.complaints.append("a nonce came twice")
        self.nonces.add(nonce)
        return device == DEVICE and chain.signed_by(self.public_key, signature, message)

    def _enrol(self, request: EnrolRequest) -> tuple[int, bytes]:
        if request.code != CODE or self.public_key not in {b"", request.public_key}:
            return 403, wire.pack(Problem("code", "this code is not valid"))
        self.public_key = request.public_key
        answer: EnrolAnswer = enrolment()
        return 200, wire.pack(answer)

    # ---- SYNC 2.2

    def _push(self, request: PushRequest) -> PushAnswer:
        self.pushes.append(request)
        stream = Stream(request.shard_key, request.device_id, request.epoch)
        frames = chain.unpack(request.frames)
        hashes = chain.extend(stream, request.first_seq, request.prev_hash, frames)
        last = request.first_seq + len(frames) - 1
        message = chain.batch_message(stream, request.first_seq, last, request.head_hash)
        if not chain.signed_by(self.public_key, request.signature, message):
            self.complaints.append("the batch is not signed")
        if (hashes[-1] if hashes else request.prev_hash) != request.head_hash:
            self.complaints.append("the batch does not end in its head")
        if self.sealed or request.epoch != self.epoch:
            return self._told("stale")
        if request.first_seq > len(self.hashes):
            return self._told("gap")
        known = dict(enumerate(self.hashes))
        sent = {request.first_seq - 1: request.prev_hash}
        sent |= {request.first_seq + i: each for i, each in enumerate(hashes)}
        if any(known[seq] != digest for seq, digest in sent.items() if seq in known):
            return self._told("fork")
        new = [i for i in range(len(frames)) if request.first_seq + i >= len(self.hashes)]
        self.hashes += [hashes[i] for i in new]
        self.frames += [frames[i] for i in new]
        return self._told("ok", range(request.first_seq, last + 1))

    def _rehome(self, request: RehomeRequest) -> tuple[int, bytes]:
        """Grant the next epoch to the first machine that asks behind the newest one."""
        if request.epoch == self.epoch:
            self.held.append(HeldEpoch(self.epoch, len(self.hashes) - 1))
            self.epoch += 1
            self.granted_to = request.request_id
            self.sealed = False
            stream = Stream(1, DEVICE, self.epoch)
            self.hashes = [chain.anchor(stream, self.hashes[-1])]
            self.first = self.hashes[0]
        elif request.request_id != self.granted_to:
            return 409, wire.pack(Problem("fenced", "another machine goes on"))
        return 200, wire.pack(RehomeAnswer(self.epoch, self.first, tuple(self.held)))

    def _paper(self, request: PaperRequest) -> PaperAnswer:
        """Take a piece of a paper that a review names, where the last one ended."""
        bodies = [body_of(frame) for frame in self.frames]
        named = {body.paper_hash for body in bodies if isinstance(body, ReviewOpened)}
        if request.paper_hash not in named:
            return PaperAnswer(0, wanted=False)
        held = self.papers.get(request.paper_hash, b"")
        if request.offset == len(held):
            held = self.papers[request.paper_hash] = held + request.data
        return PaperAnswer(len(held))

    def _told(self, status: Any, seqs: range = range(0)) -> PushAnswer:
        return PushAnswer(
            status=status,
            acked_through=len(self.hashes) - 1,
            expected_seq=len(self.hashes),
            judged=tuple(self.verdict(seq) for seq in seqs),
            feed_position=len(self.feed),
            server_ms=7_000_000,
            incarnation=self.incarnation,
            retry_after_s=self.retry_after_s,
        )

    def _pull(self, request: PullRequest) -> PullAnswer:
        if request.incarnation not in {b"", self.incarnation}:
            return PullAnswer(self.incarnation, 0, (), more=True, refetch=True)
        rows = [row for row in self.feed if row.position > request.position][: request.limit]
        position = rows[-1].position if rows else request.position
        answer = PullAnswer(self.incarnation, position, tuple(rows), position < len(self.feed))
        held, offer = request.held, self.offer
        if held is None or offer is None:
            return answer
        new = offer if offer.position > held.position else None
        return structs.replace(answer, through=held.through or offer.position, offer=new)

    def _part(self, environ: dict[str, Any], name: str) -> tuple[int, bytes]:
        """Return the part of a file that is asked for; cut the line in the middle if told to."""
        wanted = environ["HTTP_RANGE"]
        self.ranges.append((name, wanted))
        if name not in self.files:
            return 404, wire.pack(Problem("file_unknown", "no such file"))
        first, last = wanted.removeprefix("bytes=").split("-")
        part = self.files[name][int(first) : int(last) + 1]
        if self.cut_after is not None and int(last) + 1 > self.cut_after:
            self.cut_after, self.lose_replies = None, self.lose_replies + 1
        return 206, part

    def offer_file(self, data: bytes, position: int, delta: bytes = b"") -> str:
        """Offer a member file, and a delta to it if there is one; return its name."""
        name, delta_name = name_of(data), name_of(delta) if delta else ""
        self.files |= {name: data, delta_name: delta} if delta else {name: data}
        self.offer = DirectoryOffer(name, len(data), position, delta_name, len(delta))
        while len(self.feed) < position:
            self.tell(99, "", None)
        return name

    # ---- what tests do to it

    def tell(self, topic: int, item: str, row: Any) -> None:
        payload = None if row is None else wire.pack(row)
        self.feed.append(FeedRow(len(self.feed) + 1, topic, item, payload))

    def restore(self, head_seq: int) -> None:
        """Come back from a backup that knows the chain only up to `head_seq`, and no paper."""
        self.papers = {}
        del self.hashes[head_seq + 1 :]
        del self.frames[head_seq:]
        self.incarnation += b"'"


class KeepAlive(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def central() -> Iterator[TinyCentral]:
    central = TinyCentral()
    yield central
    assert central.complaints == []


@pytest.fixture
def url(central: TinyCentral) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, central, threaded=True, request_handler=KeepAlive)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def transport(url: str) -> Iterator[HttpTransport]:
    transport = HttpTransport(url, read_s=10.0)
    yield transport
    transport.close()


@pytest.fixture
def blank(tmp_path: Any) -> Iterator[Journal]:
    """A journal of a device that is not enrolled."""
    with Journal.open(tmp_path / "state", clock=at) as journal:
        yield journal


@pytest.fixture
def till(blank: Journal, transport: HttpTransport, url: str) -> Journal:
    enrol(blank, transport, url=url, code=CODE)
    return blank


@pytest.fixture
def caller(till: Journal, transport: HttpTransport) -> Caller:
    return Caller(till, transport)


@pytest.fixture
def syncer(till: Journal, caller: Caller) -> Syncer:
    return Syncer(till, caller, session="s1", rng=random.Random(1))


@pytest.fixture
def online(till: Journal, caller: Caller) -> Online:
    return Online(till, caller, session="s1")


def settle(syncer: Syncer, steps_max: int = 50) -> int:
    """Step until nothing is left to do at once; return the steps it took."""
    for steps in range(1, steps_max + 1):
        if syncer.step(at()) > 0 and not syncer.in_trouble:
            return steps
    raise AssertionError(f"sync did not settle in {steps_max} steps: {syncer.status()}")
