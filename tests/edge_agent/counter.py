"""A counter with real parts: a tap process, a virtual printer and scanner, and the agent."""

import contextlib
import socket
import threading
from pathlib import Path

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from escpos.printer import Network

from edge_agent.agent import Agent
from edge_agent.config import load
from edge_agent.devices.virtual.printer import VirtualPrinter
from edge_agent.devices.virtual.scanner import VirtualScanner
from edge_agent.journal.journal import Journal
from loyalty import wire
from loyalty.chain import Stream, anchor
from loyalty.codes import card_tag, make_member_number
from loyalty.rules import rulebook
from loyalty.wire import EnrolAnswer, FeedRow, MemberRow, PullAnswer, RuleBookRow, ShopRow, Topic
from receipts.reading import read_job
from tests.edge_agent.devices.conftest import TapProcess, wait_for
from tests.loyalty.rules.conftest import a_rule_book

CENTRAL_KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
DEVICE = b"d" * 16
TENANT_KEY = b"t" * 32
WANG = make_member_number("12345678901")
LI = make_member_number("10987654321")
NEW_CARD = make_member_number("55555555555")


def sale_text(number: str, amount: str = "214.00", *, head: str = "结账单") -> str:
    return (
        f"            禾鹿小馆\n             {head}\n{'-' * 32}\n单号:{number}\n"
        f"结账:2026-11-08 13:16:42\n{'-' * 32}\n招牌酸菜鱼       1 {amount:>7} {amount:>7}\n"
        f"{'-' * 32}\n小计{amount:>28}\n应收{amount:>28}\n{'-' * 32}\n微信支付{amount:>24}\n\n"
    )


def enrol_and_stock(state: Path) -> None:
    """Make the journal of a till as central would have filled it."""
    book = a_rule_book()
    rule_book = RuleBookRow(rulebook.version(book), rulebook.canonical(book), 0)
    shop = ShopRow("s1", "禾鹿小馆", "Helu Bistro", "dining")
    people = [
        MemberRow("a" * 16, (card_tag(TENANT_KEY, WANG),), "basic", 1000, "王**"),
        MemberRow("b" * 16, (card_tag(TENANT_KEY, LI),), "gold", 50, "李**"),
    ]
    rows = [
        FeedRow(1, Topic.RULE_BOOK, rule_book.version, wire.pack(rule_book)),
        FeedRow(2, Topic.SHOP, "s1", wire.pack(shop)),
        *(
            FeedRow(3 + place, Topic.MEMBER, person.member, wire.pack(person))
            for place, person in enumerate(people)
        ),
    ]
    with Journal.open(state) as journal:
        stream = Stream(1, DEVICE, 1)
        journal.enrol(
            EnrolAnswer(
                shard_key=1,
                device_id=DEVICE,
                epoch=1,
                anchor=anchor(stream, bytes(32)),
                name="till-1",
                role="till",
                shop_id="s1",
                tenant_key=TENANT_KEY,
                central_key=CENTRAL_KEY.public_key().public_bytes_raw(),
                programme="澄湖天地",
                zone="Asia/Shanghai",
            ),
            "http://127.0.0.1:9",
        )
        journal.take_page(PullAnswer(b"i" * 16, len(rows), tuple(rows), more=False))


class Counter:
    """One till without a central: enrolled and stocked by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printer = VirtualPrinter()
        self.printer.start()
        self.scanner = VirtualScanner(folder / "scanner")
        self.scanner.plug()
        self.tap = TapProcess(folder, self.printer.port)
        self.tap.start()
        enrol_and_stock(folder / "state")
        self.config = folder / "agent.toml"
        self.config.write_text(
            f'state = "state"\n[central]\nurl = "http://127.0.0.1:9"\n'
            f'[web]\nlisten = "127.0.0.1:0"\n[printer]\nkind = "tap"\ncolumns = 32\n'
            f'[[scanner]]\nport = "{self.scanner.link}"\n'
            f'[[tap]]\nspool = "{self.tap.folder}"\n',
            encoding="utf-8",
        )
        self.agent: Agent | None = None

    def start(self) -> None:
        """Run the agent until `stop`."""
        self.agent = Agent(load(self.config))
        self.agent.start()
        self._thread = threading.Thread(target=self.agent.run, name="agent")
        self._thread.start()
        self.wait(lambda state: state.get("scanner") == "yes")

    def stop(self) -> None:
        if self.agent is not None:
            self.agent.stop()
            self._thread.join()
            self.agent.close()
            self.agent = None

    def close(self) -> None:
        self.stop()
        self.tap.stop()
        self.scanner.unplug()
        with contextlib.suppress(RuntimeError):
            self.printer.stop()

    # ---- what people do

    def print(self, text: str) -> None:
        """Print as a foreign POS does."""
        pos = Network("127.0.0.1", self.tap.port)
        pos.open()
        pos._raw(b"\x1b@" + text.encode("gb18030"))
        pos.cut()
        pos.close()

    def pos(self) -> socket.socket:
        """Connect as a POS that keeps its connection."""
        return socket.create_connection(("127.0.0.1", self.tap.port))

    def wait_for_parts(self, count: int) -> None:
        """Wait until the tap has ended this many parts of the connection."""
        wait_for(lambda: len(self.tap.spool.jobs()) >= count)

    def do(self, **command: str) -> requests.Response:
        """Press a button of the panel."""
        page = requests.get(self.url("/till"), timeout=5).text
        token = page.split('name="token" content="')[1].split('"')[0]
        return requests.post(
            self.url("/api/do"), json=command, headers={"X-Token": token}, timeout=5
        )

    # ---- what can be seen

    def url(self, path: str) -> str:
        assert self.agent is not None
        return f"http://127.0.0.1:{self.agent.web_port}{path}"

    def state(self) -> dict:
        return requests.get(self.url("/api/state"), timeout=5).json()

    def wait(self, condition) -> dict:
        """Wait until the screen shows what `condition` says."""

        def shown():
            state = self.state()
            return state if condition(state) else None

        return wait_for(shown)

    def paper(self) -> list[list[str]]:
        """The lines of every paper that came out of the printer."""
        return [list(reading.lines) for reading in read_job(self.printer.paper)]

    def wait_for_paper(self, *words: str) -> list[str]:
        """Wait for a paper with all these words on it, and return its lines."""

        def found():
            for lines in self.paper():
                whole = "\n".join(lines)
                if all(word in whole for word in words):
                    return lines
            return None

        return wait_for(found)
