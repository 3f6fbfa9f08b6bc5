"""Codes of activities, signed by central, that a till or kiosk can judge without a network.

A code names the activity and the batch it was printed in; a game's or contest's one also its
result, a referral's one who brought the new member. Anyone with central's public key can check it.
That a member is given an activity once is for central to count; a device refuses what it knows
was done.
"""

import base64
import binascii
from datetime import date
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from loyalty.chain import sign, signed_by
from loyalty.codes import ACTIVITY_PREFIX
from loyalty.rules.activities import BY_BUYING, Activity
from loyalty.rules.book_types import RuleBook
from loyalty.rules.reasons import Reason

_SIGNATURE_BYTES = 64
_TAG = b"tillpoints activity 1"


class ActivityCode(Struct, frozen=True, array_like=True):
    """What a code says. `number` is 0 on a poster, which many may scan; else it counts once.

    `result` is a game's points or a contest's score; `member` who alone may scan it ("" for
    anyone); `brought_by` a referral's referrer; `valid_until` the last day, an ISO date.
    """

    shard_key: int
    activity_id: str
    valid_until: str
    batch: str = ""
    number: int = 0
    result: int = 0
    member: str = ""
    brought_by: str = ""


class NotAnActivityCode(ValueError):
    """The text is no activity code of this programme's central."""


class Given(Struct, frozen=True):
    """What a code gives: points to who scans it, and to who brought them."""

    activity: Activity
    points: int
    referrer: str
    referrer_points: int


class Doings(Protocol):
    """What whoever judges knows of what was done before."""

    def has_done(self, activity_id: str, day: date | None) -> bool:
        """Tell whether the member has done an activity, on `day` if one is given."""

    def is_used(self, batch: str, number: int) -> bool:
        """Tell whether anybody has used a code that counts once."""


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


def find(book: RuleBook, activity_id: str) -> Activity | None:
    """Return an activity of a book by its id."""
    return next((one for one in book.activities if one.id == activity_id), None)


def names(activity: Activity) -> dict[str, str]:
    """Return an activity's names as the values of a reason."""
    return {"zh": activity.name_zh, "en": activity.name_en}


def judged(
    code: ActivityCode, member: str, today: date | None, book: RuleBook, doings: Doings
) -> Given | Reason:
    """Return what a code gives a member on a day of the mall, or why nothing.

    Without a sure day (None) nothing that hangs on it is refused: central will know.
    """
    activity = find(book, code.activity_id)
    if activity is None or activity.kind in BY_BUYING:
        return Reason("activity_unknown")
    named = names(activity)
    if today is not None and today.isoformat() > code.valid_until:
        return Reason("activity_expired", {"until": code.valid_until})
    if today is not None and not activity.runs_on(today):
        return Reason("activity_over", named)
    if code.member not in ("", member):
        return Reason("activity_elsewhere")
    if code.brought_by == member:
        return Reason("activity_self")
    if activity.kind == "referral" and not code.brought_by:
        return Reason("activity_unknown")
    if _done_before(activity, code, today, doings):
        return Reason("activity_today" if activity.every_day else "activity_done", named)
    if code.number and doings.is_used(code.batch, code.number):
        return Reason("activity_code_used")
    referrer = code.brought_by if activity.kind == "referral" else ""
    points = activity.referrer_points if referrer else 0
    return Given(activity, activity.given_for(code.result), referrer, points)


def _done_before(
    activity: Activity, code: ActivityCode, today: date | None, doings: Doings
) -> bool:
    if activity.kind == "contest" and (code.number or not code.batch):
        return False  # another try: the best one counts
    if activity.every_day:
        return today is not None and doings.has_done(activity.id, today)
    return doings.has_done(activity.id, None)
