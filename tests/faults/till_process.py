"""A till as a process of its own: the real journal and the real sync, over any network it gets.

Sells and redeems for one member, says on standard output what was recorded, after it was, and ends
when nothing is left to send. Run by `test_a_network_of_chaos.py`, which kills it now and then.
"""

import os
import random
import sys
import threading
import time
from pathlib import Path

from edge_agent.journal.clock import moment
from edge_agent.journal.errors import LeaseClosed
from edge_agent.journal.file.mark import Mark
from edge_agent.journal.file.mark_file import MarkFile
from edge_agent.journal.journal import Journal
from edge_agent.sync.calls import Caller, Offline, Refused
from edge_agent.sync.enrol import enrol
from edge_agent.sync.online import Online
from edge_agent.sync.rehomer import FENCED
from edge_agent.sync.syncer import Syncer
from edge_agent.sync.thread import SyncThread
from edge_agent.sync.transport import HttpTransport
from loyalty.codes import card_tag
from loyalty.events import Holder, Redeem, Sale
from loyalty.receipt import Kind, Receipt
from loyalty.wire import LeaseRequest

READ_S = float(os.environ.get("TILL_READ_S", "0.8"))
POLL_S = 0.2
SHOP = "helu"
REWARD = "parking-2h"
FEN = 50_000
SALES_A_REDEMPTION = 3
_ASK_AGAIN = 3
_HEARD_S = 3.0


def main(
    folder: str,
    memory: str,
    url: str,
    code: str,
    card: str,
    name: str,
    sales: str,
    mark_of_numbers: str = "",
) -> None:
    """Sell `sales` times in all, those of earlier lives included, and end.

    Ends, too, where central takes nothing more of this chain, until it is run with another code.
    """
    mark = Mark(MarkFile(Path(memory)))
    with Journal.open(Path(folder), mark=mark) as journal:
        assert not journal.swapped, journal.swapped
        transport = HttpTransport(url, connect_s=1.0, read_s=READ_S)
        until_enrolled(journal, Path(folder) / "code", transport, url, code)
        caller = Caller(journal, transport)
        rng = random.Random(name)
        syncer = Syncer(journal, caller, session=journal.session, rng=rng, poll_s=POLL_S)
        news = threading.Event()
        sync = SyncThread(syncer, moment, news.set)
        sync.start()
        online = Online(journal, caller, session=journal.session)
        tag = card_tag(journal.identity().tenant_key, card)
        until(news, lambda: journal.holder_of(tag).kind == "member")
        holder = journal.holder_of(tag)
        for number in range(sales_of(journal), int(sales)):
            sell(journal, holder, f"{mark_of_numbers or name[-1]}{number:04}")
            sync.wake()
            if number % SALES_A_REDEMPTION == SALES_A_REDEMPTION - 1:
                heard(journal, news)
                redeem(journal, online, holder, f"{name}-{number}")
        until(news, lambda: rests(journal) or is_fenced(journal))
        sync.stop()
        transport.close()
        say("fenced" if is_fenced(journal) else "done", journal.outbox().head_seq)


def until_enrolled(journal, used, transport, url, code):
    """Trade a code for an identity unless that was done before (the file `used` has the code)."""
    while not (used.exists() and used.read_text() == code):
        answer = enrol(journal, transport, url=url, code=code)
        assert not isinstance(answer, Refused), answer
        if isinstance(answer, Offline):
            time.sleep(0.05)
        else:
            used.write_text(code)


def is_fenced(journal):
    return journal.outbox().refused == FENCED


def rests(journal):
    waiting = journal.stranded_leases(journal.session)
    return journal.outbox().depth == 0 and not journal.outbox().stranded and not waiting


def until(news, condition):
    while not condition():
        news.wait(0.5)
        news.clear()


def heard(journal, news):
    """Let central hear of the points first, if it can be reached: it lends no others."""
    deadline_s = time.monotonic() + _HEARD_S
    while journal.outbox().depth and time.monotonic() < deadline_s:
        news.wait(0.1)
        news.clear()


def sales_of(journal):
    return journal._ask(lambda db: db.execute("SELECT count(*) FROM sale").fetchone()[0])


def sell(journal: Journal, holder: Holder, number: str) -> None:
    book = journal.rule_book(journal.server_ms(moment()))
    receipt = Receipt(SHOP, Kind.SALE, number, "2026-11-08T13:16:42", "CNY", FEN)
    points = 500
    sold = Sale(moment(), receipt, "", FEN, "dining", book.version, holder, "ordinary", points)
    (seq,) = journal.append([sold])
    say("sale", seq, number)


def redeem(journal: Journal, online: Online, holder: Holder, request_id: str) -> None:
    """Ask as a kiosk does: again under the same id while nobody answers, and then give up."""
    request_id = f"{request_id}-{random.SystemRandom().getrandbits(32)}"
    for _ in range(_ASK_AGAIN):
        answer = online.lease(LeaseRequest(request_id, holder, REWARD))
        if not isinstance(answer, Offline):
            break
    if isinstance(answer, Offline) or answer.refusal is not None:
        say("none", "-", "offline" if isinstance(answer, Offline) else answer.refusal.code)
        return
    body = Redeem(moment(), holder, answer.lease_id, answer.points, REWARD, answer.voucher_code)
    try:
        (seq,) = journal.append([body])
    except LeaseClosed as error:
        say("none", "-", str(error).replace(" ", "_"))
        journal.lease_dropped(request_id)
        return
    say("redeemed", seq, answer.voucher_code)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
