"""The part of the snapshot that is about the device: who it is and what it is connected to."""

import msgspec

from edge_agent.devices.heartbeat import Heartbeat, Lost, Reachable
from edge_agent.devices.printers import Answer, Status
from edge_agent.effects import Terms
from edge_agent.journal.identity import Identity
from edge_agent.papers.paper_trail import Trail
from edge_agent.phrases import own_words
from edge_agent.sync.status import Status as SyncStatus
from edge_agent.web.views import Json, notice, sound, words
from loyalty.trails import Gaps

_LOST_SHOWN_MS = 24 * 3600 * 1000


def device_view(identity: Identity | None, terms: Terms | None, sync: SyncStatus) -> Json:
    """Return who the device is, where it stands and how it stands with central."""
    shop = terms.shop if terms else None
    return {
        "role": identity.role if identity else "till",
        "device": identity.name if identity else "",
        "enrolled": identity is not None,
        "programme": identity.programme if identity else "",
        "shop": {
            "id": shop.shop_id if shop else "",
            "zh": shop.name_zh if shop else "",
            "en": shop.name_en if shop else "",
        },
        "online": bool(sync.online),
        "queue": sync.queue,
        "synced_ms": sync.synced_ms,
        "problem": sync.refused or (sync.problem.code if sync.problem else None),
        "books": [_book(terms)] if terms else [],
    }


def waiting_view(identity: Identity | None) -> Json:
    """Return the rest of a snapshot while nothing can be awarded: what is missing, in words."""
    missing = own_words("no_rules" if identity else "not_enrolled")
    return {
        "sound": sound(None, 0),
        "notice": notice("attention", missing, 0),
        "member": None,
        **(_NOTHING_AT_A_KIOSK if identity and identity.role == "kiosk" else _NOTHING_AT_A_TILL),
    }


_NOTHING_AT_A_TILL: Json = {
    "waiting": None,
    "lookup": None,
    "voucher": None,
    "recent": [],
    "reviews": 0,
}
_NOTHING_AT_A_KIOSK: Json = {
    "step": "welcome",
    "rewards": [],
    "chosen": None,
    "refusal": None,
    "voucher": None,
    "claim": None,
    "claim_waits": False,
    "idle": None,
}


def connections_view(
    taps: list[Heartbeat | None], status: Status, scanners: list[bool], trouble: str = ""
) -> Json:
    """Return the state of printer, scanners and taps; on a POS's printer the tap knows best.

    `pos_printer` is what the POS's printer said of itself, `lost` the jobs that were printed and
    left no copy, `scanner_trouble` what keeps a camera from seeing (`trouble`, a phrase's code);
    all are null where there is nothing to say.
    """
    printer = _tapped(taps) if taps else _own(status)
    scanner = "unknown" if not scanners else "yes" if all(scanners) else "no"
    tap = "unknown" if not taps else "yes" if all(taps) else "no"
    why = own_words("printer_obstacle") if printer == "no" else None
    if status.swapped:
        printer, why = "no", own_words("printer_swapped")
    return {
        "printer": {"state": printer, "why": words(why)},
        "scanner": scanner,
        "scanner_trouble": words(own_words(trouble)) if trouble else None,
        "tap": tap,
        "pos_printer": _pos_printer(taps),
        "lost": _lost(taps),
    }


def trail_view(trails: list[Trail | None]) -> Json:
    """Return what the papers of a till leave out, in words; null when that is nothing."""
    found = [each for each in trails if each]
    skipped, drawers = sum(each.skipped for each in found), sum(each.drawers for each in found)
    if not found:
        return {"trail": None}
    code = "trail_both" if skipped and drawers else "trail_skipped" if skipped else "trail_drawers"
    return {"trail": words(own_words(code, skipped=str(skipped), drawers=str(drawers)))}


def gaps_of(trails: list[Trail | None], taps: list[Heartbeat | None]) -> Gaps:
    """Return what the panel shows of this, for central: its people look after many tills."""
    found, lost = [each for each in trails if each], _lost(taps) or {"jobs": 0, "last_ms": 0}
    return Gaps(
        skipped=sum(each.skipped for each in found),
        drawers=sum(each.drawers for each in found),
        lost=lost["jobs"],
        at_ms=max([lost["last_ms"], *(each.at_ms for each in found)]),
    )


def _own(status: Status) -> str:
    return "no" if status.obstacle else Answer(status.online).value


def _tapped(taps: list[Heartbeat | None]) -> str:
    told = {_able(tap) if tap else Reachable.UNKNOWN for tap in taps}
    return Reachable.NO.value if Reachable.NO in told else min(told, key=_worst).value


def _able(tap: Heartbeat) -> Reachable:
    return Reachable.NO if tap.condition.stands_still else tap.printer


def _pos_printer(taps: list[Heartbeat | None]) -> Json | None:
    """Return the condition of the POS's printer, of several the first that stands still."""
    alive = [tap for tap in taps if tap is not None]
    if not alive:
        return None
    tap = next((tap for tap in alive if _able(tap) is Reachable.NO), alive[0])
    return {"reachable": tap.printer.value, **msgspec.to_builtins(tap.condition)}


def _lost(taps: list[Heartbeat | None]) -> Json | None:
    """Return how many jobs left no copy on the last day, when, and whether there may be more."""
    found = [tap.lost for tap in taps if tap and tap.lost and _recent(tap, tap.lost)]
    if not found:
        return None
    return {
        "jobs": sum(each.jobs for each in found),
        "first_ms": min(each.first_ms for each in found),
        "last_ms": max(each.last_ms for each in found),
        "unknown": any(each.unknown for each in found),
    }


def _recent(tap: Heartbeat, lost: Lost) -> bool:
    return tap.beat.wall_ms - lost.last_ms < _LOST_SHOWN_MS


def _worst(state: Reachable) -> int:
    return [Reachable.NO, Reachable.UNKNOWN, Reachable.YES].index(state)


def _book(terms: Terms) -> Json:
    return {"when": "current", "version": terms.version[:12], "name": terms.book.name}
