"""What must be true at the end of a history.

Central has every event that stands on any disk, and members have what those earned, once; each till
has central's word on every event of its own, and shows the balances that central has.
"""

import random

from central import schema
from central.ledger.judging.rows import CENTRAL_DEVICE, read_body
from central.ledger.verify import verify
from edge_agent.journal.file.database import FILE, reading
from edge_agent.sync.rehomer import FENCED
from loyalty.chain import SPELLED_KIND, Frame
from loyalty.events import Claim, Sale, origin_of
from loyalty.rehoming import REHOMED_KIND
from loyalty.wire import Verdict
from tests.central.programme import member
from tests.faults.any_image.histories import MEMBERS, History

WAITS = {Verdict.PENDING_REF, Verdict.PENDING_UPGRADE, Verdict.QUARANTINED}


def findings(folder, seed, deeds=40):
    """Return what is wrong at the end of a history of so many deeds, and the history."""
    history = History(folder, random.Random(seed))
    try:
        for _ in range(deeds):
            history.go_on()
        return [*history.settle(), *_wrong(history)], history.deeds
    finally:
        history.close()


def _wrong(history):
    programme = history.central.programme
    for finding in programme.read(verify):
        yield f"central: {finding}"
    rows = {(r.device_id, r.epoch, r.seq): r for r in programme.rows(schema.inbox)}
    heard = {
        (r.device_id, r.epoch, r.hash): rows[r.device_id, r.new_epoch, r.new_seq]
        for r in programme.rows(schema.rehome)
    }
    first = [row for row in rows.values() if row.kind != REHOMED_KIND]
    heard |= {(row.device_id, row.epoch, row.hash): row for row in first}
    earned = sum(_earned(row) for row in {*heard.values()})
    posted = sum(programme.balance(member(name)) for name in MEMBERS)
    if earned != posted:
        yield f"central: the members have {posted}, and earned {earned}"
    for machine in history.machines:
        fenced = machine.journal.outbox().refused == FENCED
        for place, row in _where_heard(machine, rows, heard):
            if row is None:
                yield f"{machine.folder.name}: central lacks {place}"
            elif not fenced:
                yield from _words(machine, place, row, lost=history.lost)
        if not fenced:
            yield from _balances(machine, programme)


def _earned(row):
    """Return the points of a sale or a claim that counts."""
    if row.verdict != Verdict.APPLIED or row.device_id == CENTRAL_DEVICE:
        return 0
    body = read_body(Frame(row.kind, row.kind_version, row.body))
    return body.points if isinstance(body, Sale | Claim) else 0


def _where_heard(machine, rows, heard):
    """Yield the place of each event on a disk, and central's row of it, None if it has none."""
    device_id = machine.journal.identity().device_id
    for link in machine.journal.links():
        place, origin = link.place, origin_of(link.frame)
        first = (place.epoch, place.seq) if origin is None else (origin.epoch, origin.seq)
        hash_ = link.hash if origin is None else origin.hash
        row = heard.get((device_id, first[0], hash_))
        told_as_lost = (there := rows.get((device_id, *first))) and there.verdict == Verdict.LOST
        # Where a copy of the disk has told that the row is lost, a person was asked already.
        if row is not None or not (told_as_lost or link.frame.kind == SPELLED_KIND):
            yield place, row


def _words(machine, place, row, *, lost):
    """Yield what a till believes of an event otherwise than central.

    A central that is lost may have told what it heard of a row that the disk has lost too.
    """
    with reading(machine.folder / FILE) as db:
        at = (place.epoch, place.seq)
        if db.execute("SELECT 1 FROM rehomed WHERE epoch = ? AND seq = ?", at).fetchone():
            return
        query = "SELECT code FROM verdict WHERE epoch = ? AND seq = ?"
        word = db.execute(query, at).fetchone()
    if word != (row.verdict,) and not (lost and row.verdict in WAITS):
        at_central = Verdict(row.verdict).name
        yield f"{machine.folder.name}: {place} is {word}, and {at_central} at central"


def _balances(machine, programme):
    """Yield balances that a till shows otherwise than central has them.

    While something of its own waits, it shows what was promised for that too.
    """
    with reading(machine.folder / FILE) as db:
        if {code for (code,) in db.execute("SELECT code FROM verdict")} & WAITS:
            return
    for name in MEMBERS:
        shown, there = machine.journal.standing(member(name)), programme.balance(member(name))
        if shown.balance not in {None, there}:
            yield f"{machine.folder.name}: {name} has {shown.balance}, and {there} at central"
