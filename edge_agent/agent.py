"""The edge agent of one till or kiosk: builds the parts, starts and stops them, runs the loop.

Threads (scanners, spool, sync, paper, web) only put messages on one bounded queue. This loop takes
them off one by one and is the only place where anything is decided.
"""

import contextlib
import logging
import queue
import random
import threading
import time
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler

from edge_agent import clocks
from edge_agent.asking import Asking
from edge_agent.commands import Command
from edge_agent.config import Config
from edge_agent.desks import Desk, desk
from edge_agent.devices.slip_folder import Slips
from edge_agent.effects import Now, Terms
from edge_agent.journal.clock import moment
from edge_agent.journal.errors import JournalBroken, JournalError
from edge_agent.journal.file.ballast import Ballast
from edge_agent.journal.file.mark import Mark
from edge_agent.journal.file.mark_file import MarkFile, NoMemory
from edge_agent.journal.file.salvage import opened
from edge_agent.journal.file.writer import Writer
from edge_agent.journal.identity import Identity
from edge_agent.messages import SyncChanged
from edge_agent.papers.job_reading import JobReader
from edge_agent.papers.spool_watch import SpoolWatch
from edge_agent.scanners import Scanners
from edge_agent.service_manager import ServiceManager
from edge_agent.slips.printing import SlipPrinting
from edge_agent.sync.calls import Caller
from edge_agent.sync.online import Online
from edge_agent.sync.syncer import Syncer
from edge_agent.sync.thread import SyncThread
from edge_agent.sync.transport import HttpTransport
from edge_agent.till.shell import Till
from edge_agent.web.app import Screens, create_app
from edge_agent.web.board import Board
from edge_agent.web.device_view import (
    connections_view,
    device_view,
    gaps_of,
    trail_view,
    waiting_view,
)
from edge_agent.web.kiosk_view import kiosk_view
from edge_agent.web.paying_view import bills_view
from edge_agent.web.pictures import blueprint as pictures_blueprint
from edge_agent.web.redeeming_view import rewards_view
from edge_agent.web.review_view import blueprint as reviews_blueprint
from edge_agent.web.server import SPARE_THREADS, WebServer
from edge_agent.web.till_view import till_view
from loyalty.reviewing import PAPER_DAYS
from loyalty.wire import Role, ShopRow
from receipts import templates
from receipts.pictures import ocr as pictures_ocr
from receipts.pictures.ocr import Ocr
from receipts.templates import Template

INBOX_MAX = 1000
TICK_S = 0.25
HOUSEKEEPING_EVERY_S = 3600

_log = logging.getLogger(__name__)


class Part(Protocol):
    """Something with a thread of its own."""

    def start(self) -> None:
        """Begin to work."""

    def stop(self) -> None:
        """Stop working; return when the thread has ended."""


class Agent:
    """One agent. `start`, then `run` until `stop`; `close` lets go of everything."""

    def __init__(self, config: Config) -> None:
        """Open the journal and build the parts.

        Raises JournalError if the journal cannot be used, OSError if a port is taken.
        """
        self._config = config
        self._inbox: queue.Queue[Any] = queue.Queue(INBOX_MAX)
        self._stopping = threading.Event()
        self._stack = contextlib.ExitStack()
        self._ballast = Ballast(config.state_path)
        writer = partial(Writer, make_room=self._ballast.release)
        mark = Mark(self._memory())
        self._journal = self._stack.enter_context(opened(config.state_path, writer, mark, moment()))
        self._ballast.fill()
        self._identity = self._journal.identity()
        self._zone = ZoneInfo(self._identity.zone if self._identity else "UTC")
        self._terms: Terms | None = None
        self._board = Board()
        self._build_sync()
        self._build_devices()
        self._build_web()
        self._desk = self._build_desk(self._identity) if self._identity else None

    @property
    def web_port(self) -> int:
        """The port on which the screens are served."""
        return self._web.port

    def start(self) -> None:
        """Start every part; the screens come first, so that they can say what is wrong."""
        self._web.start()
        self._stack.callback(self._web.close)
        self._stack.callback(self._board.close)
        if self._desk is None:
            return
        if isinstance(self._desk, Till):
            self._desk.resume(self._now())
        parts: list[Part] = [self._sync, self._paper, self._scanners, *self._spools]
        for part in parts:
            part.start()
            self._stack.callback(part.stop)
        self._stack.callback(self._asking.stop)
        self._scheduler.start()
        self._stack.callback(self._scheduler.shutdown)

    def run(self) -> None:
        """Take messages off the inbox until `stop` is called.

        Raises JournalBroken when the journal can be used no more; the next start mends it.
        """
        manager = ServiceManager()
        manager.ready()
        while not self._stopping.is_set():
            try:
                message = self._inbox.get(timeout=TICK_S)
            except queue.Empty:
                message = None
            self._turn(message)
            if self._journal.broken:
                raise JournalBroken(self._journal.broken)
            manager.alive(time.monotonic())

    def stop(self) -> None:
        """Let `run` return; safe in a signal handler."""
        self._stopping.set()

    def close(self) -> None:
        """Stop every part, the last started first, and close the journal."""
        self._stopping.set()
        self._stack.close()

    # ---- the loop

    def _turn(self, message: object) -> None:
        now = self._now()
        self._terms = self._terms_now(now)
        if self._desk is not None and self._terms is not None:
            if message is not None:
                self._desk.handle(message, now, self._terms)
            self._desk.tick(now, self._terms)
        elif isinstance(self._desk, Till):
            self._desk.without_rules(message, now)
        if self._inbox.empty():
            self._board.publish(self._snapshot(now), now.moment.wall_ms)

    def _terms_now(self, now: Now) -> Terms | None:
        """Return the rules in force, by central's time; None until they were pulled."""
        if self._identity is None:
            return None
        force = self._journal.rule_book(self._journal.server_ms(now.moment))
        if force is None:
            return None
        shop_id = self._identity.shop_id
        shop = self._journal.shop(shop_id)
        if shop is None:
            if self._identity.role == "till":
                return None
            shop = ShopRow(shop_id, self._identity.programme, self._identity.programme, "*")
        return Terms(
            programme=self._identity.programme,
            device=self._identity.name,
            shop=shop,
            book=force.book,
            version=force.version,
            language=self._config.language,
        )

    def _snapshot(self, now: Now) -> dict[str, Any]:
        sync = self._syncer.status()
        taps = [spool.heartbeat() for spool in self._spools]
        trails = [spool.trail(now.moment.wall_ms) for spool in self._spools]
        self._syncer.trail.gaps = gaps_of(trails, taps)
        common = {
            **device_view(self._identity, self._terms, sync),
            **connections_view(
                taps, self._paper.status, self._scanners.connected(), self._scanners.trouble()
            ),
            **trail_view(trails),
        }
        if self._terms is None or self._desk is None:
            return {**common, **waiting_view(self._identity)}
        if isinstance(self._desk, Till):
            common |= bills_view(self._desk, self._terms)
            common |= rewards_view(self._desk.redeeming, self._journal, now, self._terms)
            view = till_view(self._desk, self._journal, now, self._terms)
            return {**common, **view}
        reach = self._desk.counter.reach(self._desk.state.member, self._terms)
        return {**common, **kiosk_view(self._desk.state, self._journal, now, self._terms, reach)}

    def _now(self) -> Now:
        return clocks.now(self._journal, self._zone, moment())

    # ---- the parts

    def _memory(self) -> MarkFile | None:
        """Return where this run leaves its mark for the next one of this boot."""
        if (folder := self._config.runtime_path) is None:
            return None
        try:
            file = MarkFile(folder)
        except NoMemory as error:
            _log.warning("after a restart nothing is lent until old leases run out: %s", error)
            return None
        self._stack.callback(file.close)
        return file

    def _build_sync(self) -> None:
        central = self._config.central
        transport = HttpTransport(
            central.url,
            ca_file=central.ca_file,
            connect_s=central.connect_timeout_s,
            read_s=central.read_timeout_s,
        )
        self._stack.callback(transport.close)
        caller = Caller(self._journal, transport)
        self._syncer = Syncer(
            self._journal,
            caller,
            session=self._journal.session,
            rng=random.Random(),  # noqa: S311 spreads retries, keeps no secret
            poll_s=central.sync_every_s,
        )
        self._sync = SyncThread(self._syncer, moment, self._sync_changed)
        session, room = self._journal.session, lambda: self._ballast.is_there
        self._online = Online(self._journal, caller, session=session, has_room=room)
        self._asking = Asking(self._online, self._inbox)

    def _build_devices(self) -> None:
        config = self._config
        self._scanners = Scanners(config, self._inbox)
        ocr = _ocr_engine()
        self._spools = [
            SpoolWatch(tap, self._inbox, self._job_done, JobReader(tap, self._shop_template, ocr))
            for tap in config.tap
        ]
        slips = Slips(config.tap[0].slips_path) if config.tap else None
        printer, encode = config.printer.open(slips), config.printer.encode()
        self._paper = SlipPrinting(self._journal, printer, encode, config.language, self._inbox)
        self._scheduler = BackgroundScheduler(timezone="UTC")
        hourly = {"seconds": HOUSEKEEPING_EVERY_S, "misfire_grace_time": None}
        self._scheduler.add_job(
            self._housekeeping, "interval", coalesce=True, max_instances=1, **hourly
        )

    def _build_web(self) -> None:
        web = self._config.web
        host, _, port = web.listen.rpartition(":")
        hosts: set[str] = set()
        screens = Screens(
            self._board,
            role=self._role,
            submit=self._submit,
            hosts=hosts,
            streams_max=web.threads - SPARE_THREADS,
            embedded_by=web.embedded_by,
        )
        pictures = pictures_blueprint(self._journal.directory / "pictures", self._online.picture)
        app = create_app(screens, reviews_blueprint(self._journal), pictures)
        self._web = WebServer(app, host, int(port), web.threads)
        hosts |= {f"{name}:{self._web.port}" for name in (host, "localhost", "127.0.0.1")}

    def _build_desk(self, identity: Identity) -> Desk:
        ask, sync, online = self._asking.ask, self._sync.wake, self._is_online
        return desk(self._journal, identity, ask, online, sync, self._paper)

    # ---- what the parts call

    def _role(self) -> Role:
        return self._identity.role if self._identity else "till"

    def _is_online(self) -> bool:
        return bool(self._syncer.status().online)

    def _submit(self, command: Command) -> bool:
        try:
            self._inbox.put_nowait(command)
        except queue.Full:
            return False
        return True

    def _sync_changed(self) -> None:
        # A full inbox needs no news: the loop will look anyway.
        with contextlib.suppress(queue.Full):
            self._inbox.put_nowait(SyncChanged())

    def _shop_template(self) -> Template | None:
        """Return what central knows of this shop's papers, None while that is nothing."""
        row = self._journal.template(self._identity.shop_id) if self._identity else None
        return None if row is None else templates.decoded(row.canonical)

    def _job_done(self, job_id: str) -> bool:
        return self._journal.job_seen(job_id) is not None

    def _housekeeping(self) -> None:
        """Delete what was kept long enough (promise P10)."""
        now_s, keep_days = time.time(), self._config.spool_keep_days
        for spool, tap in zip(self._spools, self._config.tap, strict=True):
            try:
                spool.expire(now_s, keep_days)
                Slips(tap.slips_path).expire(now_s, keep_days)
            except OSError as error:
                _log.warning("old print jobs could not be deleted: %s", error)
        try:
            self._journal.expire_papers(round((now_s - PAPER_DAYS * 86_400) * 1000))
        except JournalError as error:
            _log.warning("old papers in review could not be deleted: %s", error)


def _ocr_engine() -> Ocr | None:
    """Return the OCR of the extra `ocr`; without it, or with a broken one, people read pictures."""
    try:
        return pictures_ocr.engine()
    except RuntimeError as error:
        _log.warning("pictures are not read: %s", error)
        return None
