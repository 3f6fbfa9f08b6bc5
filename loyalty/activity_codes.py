"""Codes of activities, signed by central, that a till or kiosk can judge without a network.

A code names the activity; a game's or contest's one also its result, a referral's one who brought
the new member. Anyone with central's public key can check it. That a member is given an activity
once is for central to count; a device refuses what it knows was done.
"""

import base64
import binascii
from collections.abc import Callable
from datetime import date

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from loyalty.chain import sign, signed_by
from loyalty.rules.activities import BY_BUYING, Activity
from loyalty.rules.book_types import RuleBook
from loyalty.rules.reasons import Reason

ACTIVITY_PREFIX = "TPA"
_SIGNATURE_BYTES = 64
_TAG = b"tillpoints activity 1"


class ActivityCode(Struct, frozen=True, array_like=True):
    """What a code says. `code_id` is empty on a poster, which many may scan, else it counts once.

    `result` is a game's points or a contest's rank; `member` who alone may scan it ("" for
    anyone); `brought_by` a referral's referrer; `valid_until` the last day, an ISO date.
    """

    shard_key: int
    activity_id: str
    valid_until: str
    code_id: str = ""
    result: int = 0
    member: str = ""
    brought_by: str = ""


class NotAnActivityCode(ValueError):
    """The text is no activity code of this programme's central."""


class Given(Struct, frozen=True):
    """What a code gives: points to who scans it, and to who brought them.

    `keys` are what must not have been done before: each names a doing that counts once.
    """

    activity: Activity
    points: int
    referrer: str
    referrer_points: int
    keys: tuple[str, ...]

    def reason(self) -> Reason:
        """Return the words of it: 转盘游戏 +300."""
        names = {"zh": self.activity.name_zh, "en": self.activity.name_en}
        return Reason("activity", {**names, "points": str(self.points)})


def signed_text(code: ActivityCode, key: Ed25519PrivateKey) -> str:
    """Return the text of a code's QR: upper case letters and digits only, TPA first."""
    data = msgspec.msgpack.encode(code)
    return ACTIVITY_PREFIX + base64.b32encode(sign(key, _TAG + data) + data).decode().rstrip("=")


def read_signed(text: str, central_key: bytes, shard_key: int) -> ActivityCode:
    """Return the code of a scanned text. Raises NotAnActivityCode unless central signed it."""
    coded = text.removeprefix(ACTIVITY_PREFIX)
    try:
        raw = base64.b32decode(coded + "=" * (-len(coded) % 8))
    except (binascii.Error, ValueError) as error:
        raise NotAnActivityCode("the text is not base 32") from error
    signature, data = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not signed_by(central_key, signature, _TAG + data):
        raise NotAnActivityCode("the signature is not central's")
    code = msgspec.msgpack.decode(data, type=ActivityCode)
    if code.shard_key != shard_key:
        raise NotAnActivityCode("it is of another programme")
    return code


def judged(
    code: ActivityCode,
    member: str,
    today: date,
    book: RuleBook,
    done: Callable[[str], bool],
) -> Given | Reason:
    """Return what a code gives a member on a day of the mall, or why nothing.

    `done` tells whether a key counts as done, as far as whoever asks knows.
    """
    activity = next((one for one in book.activities if one.id == code.activity_id), None)
    if activity is None or activity.kind in BY_BUYING:
        return Reason("activity_unknown")
    names = {"zh": activity.name_zh, "en": activity.name_en}
    if today.isoformat() > code.valid_until:
        return Reason("activity_expired", {"until": code.valid_until})
    if not activity.runs_on(today):
        return Reason("activity_over", names)
    if code.member not in ("", member):
        return Reason("activity_elsewhere")
    if code.brought_by == member:
        return Reason("activity_self")
    keys = _keys(code, activity, member, today)
    if any(done(key) for key in keys):
        return Reason("activity_today" if activity.every_day else "activity_done", names)
    referrer = code.brought_by if activity.kind == "referral" else ""
    points = activity.referrer_points if referrer else 0
    return Given(activity, activity.given_for(code.result), referrer, points, keys)


def _keys(code: ActivityCode, activity: Activity, member: str, today: date) -> tuple[str, ...]:
    """Return what may be done once: the code, and the activity by this member (today)."""
    whose = f"activity/{activity.id}/{member}"
    keys = [f"{whose}/{today.isoformat()}" if activity.every_day else whose]
    if code.code_id:
        keys.append(f"activity-code/{code.code_id}")
    return tuple(keys)
