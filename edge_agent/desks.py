"""Builds what this device is to people: a till or a kiosk, out of the parts that both share."""

from collections.abc import Callable

from edge_agent.asking import Ask
from edge_agent.journal.identity import Identity
from edge_agent.journal.journal import Journal
from edge_agent.kiosk.shell import KioskStand
from edge_agent.redeeming.counter import Counter
from edge_agent.slips.printing import SlipPrinting
from edge_agent.taking_part import TakingPart
from edge_agent.till.handing_in import HandingIn
from edge_agent.till.redeeming import Redeeming
from edge_agent.till.shell import Till
from edge_agent.till.tendering import Tendering

Desk = Till | KioskStand


def desk(
    journal: Journal,
    identity: Identity,
    ask: Callable[[Ask], None],
    online: Callable[[], bool],
    sync: Callable[[], None],
    paper: SlipPrinting,
) -> Desk:
    """Return the till or kiosk that a device was enrolled as."""
    taking_part = TakingPart(journal, identity, online)
    counter = Counter(journal, identity.role, ask, online)
    if identity.role == "kiosk":
        return KioskStand(journal, identity, taking_part, counter, sync, paper.wake)
    handing_in, tendering = HandingIn(journal, identity, ask), Tendering(journal, ask, sync)
    redeeming = Redeeming(counter, handing_in, sync, paper.wake)
    return Till(journal, identity, handing_in, tendering, redeeming, taking_part, sync, paper)
