"""A PC/SC card reader as a scanner: its thread leaves a `Scanned` message for each card."""

from __future__ import annotations

import queue
import time

from edge_agent.devices.cards.config import CardReader
from edge_agent.devices.cards.numbers import GET_UID, Worthless, uid_of
from edge_agent.devices.cards.pcsc import CardError, SmartCards, Watched, smart_cards
from edge_agent.devices.hid.cards import CardNumbers, card_number
from edge_agent.devices.ports import Shown
from edge_agent.devices.scanner_thread import ScannerThread
from edge_agent.devices.sources import NotFoundError

_LOOK_EVERY_S = 0.25
#: A card that slips on the reader is lost and found within this time, and was shown once.
_SLIPS_S = 1.0


class CardScanner(ScannerThread):
    """Reads the cards on the reader that its lines mean."""

    def __init__(self, config: CardReader, messages: queue.Queue[Shown]) -> None:
        super().__init__(config.name, messages)
        self._wanted = config.reader
        self._numbers = CardNumbers("hex", config.kept_as, config.reversed)
        self._last: bytes | Worthless | None = None
        self._last_s = 0.0

    def _read(self) -> None:
        with smart_cards() as cards:
            watched = Watched(the_reader(self._wanted, cards.readers()))
            had_card = False
            # The first answer says how things are: a card may lie there already.
            cards.wait(watched, _LOOK_EVERY_S)
            self._opened()
            while not self._stopping.is_set():
                if watched.has_card and not had_card:
                    self._shown(_uid(cards, watched))
                elif had_card and not watched.has_card:
                    self._last_s = time.monotonic()
                had_card = watched.has_card
                cards.wait(watched, _LOOK_EVERY_S)

    def _shown(self, uid: bytes | Worthless) -> None:
        slipped = uid == self._last and time.monotonic() - self._last_s < _SLIPS_S
        self._last = uid
        if slipped:
            return
        if isinstance(uid, Worthless):
            self._refuse(uid.why)
        else:
            self._put(card_number(uid.hex(), self._numbers))


def the_reader(wanted: str, readers: list[str]) -> str:
    """Return the one reader with `wanted` in its name. Raises NotFoundError, saying why none."""
    found = [reader for reader in readers if wanted in reader]
    if len(found) == 1:
        return found[0]
    names = ", ".join(found or readers)
    if found:
        raise NotFoundError(f"{len(found)} readers are plugged in: name one ({names})")
    if readers:
        told = f"another reader is plugged in ({names}): is it meant?"
        raise NotFoundError(told, is_another=True)
    raise NotFoundError("it is not plugged in")


def _uid(cards: SmartCards, watched: Watched) -> bytes | Worthless:
    if watched.is_mute:
        return Worthless("card_unread")
    try:
        return uid_of(cards.ask(watched.reader, GET_UID))
    except CardError:
        # Taken away too soon, or no card for this reader: the cashier hears it and shows it again.
        # What ails the reader or the daemon instead comes up with the next wait.
        return Worthless("card_unread")
