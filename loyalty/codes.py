"""What a scan or a typed code means: member numbers, claim and voucher codes, and what to drop.

Owns the formats and their check symbols. Never keeps the text of a payment code or a bank track:
`classify` returns what kind it was and nothing of its content, so no caller can store or log it.

Sources: ISO/IEC 7064 (hybrid systems MOD M+1,M); the first digits of WeChat Pay, Alipay and
UnionPay payment codes are from the payment providers' public bar-code payment rules; bank tracks
are ISO/IEC 7813.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

MEMBER_PREFIX = "TPM"
CLAIM_PREFIX = "TPC"
VOUCHER_PREFIX = "TPV"
ACTIVITY_PREFIX = "TPA"
PASS_PREFIX = "TPQ"  # noqa: S105  what every pass begins with

_DIGITS = "0123456789"
#: Crockford's base 32: no I, L, O, U, so that a code read aloud or typed has one spelling.
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})

MEMBER_NUMBER_DIGITS = 12
SHORT_CODE_SYMBOLS = 16

PaymentKind = Literal["wechat_pay", "alipay", "unionpay", "bank_card"]


class MemberNumber(Struct, frozen=True):
    """A member number whose check digit is right; `prefixed` says that it carried our TPM mark."""

    number: str
    prefixed: bool


class ClaimCode(Struct, frozen=True):
    """The code on a claim slip: it stands for one sale that nobody was scanned for."""

    code: str


class VoucherCode(Struct, frozen=True):
    """A voucher: its 16 symbols when typed, the signed text when scanned from the slip's QR."""

    code: str | None
    signed: str | None


class MemberPass(Struct, frozen=True):
    """The code on a member's phone, which `loyalty.passes` reads."""

    signed: str


class SignedActivity(Struct, frozen=True):
    """The code of an activity, which `loyalty.activity_codes` reads."""

    signed: str


class PaymentCode(Struct, frozen=True):
    """Something that can take money from a person's account. Its content is gone on purpose."""

    kind: PaymentKind


class OtherCode(Struct, frozen=True):
    """A code that is none of ours by its form: a card alias, a product bar code, anything."""

    text: str


class BadCode(Struct, frozen=True):
    """A code that claims to be ours and is not: a wrong check symbol or a wrong length."""

    reason: Literal["empty", "check", "length"]


Scan = (
    MemberNumber
    | MemberPass
    | ClaimCode
    | VoucherCode
    | SignedActivity
    | PaymentCode
    | OtherCode
    | BadCode
)


def check_symbol(payload: str, alphabet: str = _DIGITS) -> str:
    """Return the ISO 7064 MOD M+1,M check symbol of `payload`, M being the alphabet's size."""
    size = len(alphabet)
    product = size
    for symbol in payload:
        total = (product + alphabet.index(symbol)) % size or size
        product = total * 2 % (size + 1)
    return alphabet[(size + 1 - product) % size]


def make_member_number(random_digits: str) -> str:
    """Return the 12-digit member number for 11 random digits.

    Raises ValueError if it is not given 11 digits.
    """
    if len(random_digits) != MEMBER_NUMBER_DIGITS - 1 or not random_digits.isascii():
        raise ValueError("a member number is made from 11 digits")
    return random_digits + check_symbol(random_digits)


def is_member_number(text: str) -> bool:
    """Tell whether `text` is 12 digits of which the last is the right check digit."""
    return (
        len(text) == MEMBER_NUMBER_DIGITS
        and text.isascii()
        and text.isdigit()
        and check_symbol(text[:-1]) == text[-1]
    )


def make_short_code(first: Literal["C", "V"], draw: Callable[[int], int]) -> str:
    """Return a 16-symbol code: C (claim) or V (voucher), 14 random symbols (70 bits), a check.

    `draw(n)` returns a random integer below n; pass a cryptographic one.
    """
    body = first + "".join(_BASE32[draw(len(_BASE32))] for _ in range(SHORT_CODE_SYMBOLS - 2))
    return body + check_symbol(body, _BASE32)


def is_short_code(text: str) -> bool:
    """Tell whether `text` is a claim or voucher code with the right check symbol."""
    return (
        len(text) == SHORT_CODE_SYMBOLS
        and text[0] in "CV"
        and all(symbol in _BASE32 for symbol in text)
        and check_symbol(text[:-1], _BASE32) == text[-1]
    )


def is_like_short_code(text: str) -> bool:
    """Tell whether a typed text looks like a claim or voucher code, however wrong its symbols."""
    typed = text.upper().translate(_MISREAD)
    begins = typed[:1] in ("C", "V")
    return begins and len(typed) == SHORT_CODE_SYMBOLS and typed.isascii() and typed.isalnum()


def claim_hash(code: str) -> str:
    """Return the 64 hex digits under which a claim code travels and is stored."""
    return hashlib.sha256(f"tillpoints claim 1 {code}".encode()).hexdigest()


def voucher_hash(code: str) -> str:
    """Return the 64 hex digits by which a till knows a voucher's code without holding it."""
    return hashlib.sha256(f"tillpoints voucher code 1 {code}".encode()).hexdigest()


def group(code: str) -> str:
    """Return a code in groups of four, as it is printed for people to type."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def card_tag(tenant_key: bytes, code: str) -> str:
    """Return the 16 hex digits under which a card is known on tills (64 bits of an HMAC)."""
    return hmac.new(tenant_key, code.encode(), hashlib.sha256).hexdigest()[:16]


def classify(text: str) -> Scan:
    """Return what a scanned or typed text is. Payment codes and bank tracks lose their content."""
    folded = unicodedata.normalize("NFKC", text)
    # Control and format characters (STX, ETX, a zero-width blank) are a scanner's, not a code's.
    folded = "".join(sign for sign in folded if unicodedata.category(sign) not in _NO_SIGNS).strip()
    folded = re.sub(r"^\][A-Za-z][0-9A-Za-z]", "", folded)  # AIM symbology identifier
    if not folded:
        return BadCode("empty")
    payment = _payment_kind(folded)
    if payment is not None:
        return PaymentCode(payment)
    upper = folded.upper()
    if upper.startswith(MEMBER_PREFIX):
        return _member(upper[len(MEMBER_PREFIX) :])
    if upper.startswith(CLAIM_PREFIX):
        return _short(upper[len(CLAIM_PREFIX) :]) if len(upper) > len(CLAIM_PREFIX) else _LENGTH
    if upper.startswith(VOUCHER_PREFIX):
        return VoucherCode(code=None, signed=upper)
    if upper.startswith(PASS_PREFIX):
        return MemberPass(upper)
    if upper.startswith(ACTIVITY_PREFIX):
        return SignedActivity(upper)
    number = upper.replace(" ", "").replace("-", "")
    if is_member_number(number):
        return MemberNumber(number, prefixed=False)
    typed = upper.translate(_MISREAD)
    if is_short_code(typed):
        return _short(typed)
    return OtherCode(folded)


_LENGTH = BadCode("length")
_NO_SIGNS = frozenset({"Cc", "Cf"})
#: Where the payment providers' own QR codes lead: a person showed the wrong code.
_WALLETS: dict[str, PaymentKind] = {
    "wxp://": "wechat_pay",
    "https://qr.alipay.com/": "alipay",
    "https://qr.95516.com/": "unionpay",
}


def _member(rest: str) -> Scan:
    number = rest.replace(" ", "").replace("-", "")
    if len(number) != MEMBER_NUMBER_DIGITS:
        return _LENGTH
    return MemberNumber(number, prefixed=True) if is_member_number(number) else BadCode("check")


def _short(rest: str) -> Scan:
    code = rest.translate(_MISREAD)
    if len(code) != SHORT_CODE_SYMBOLS:
        return _LENGTH
    if not is_short_code(code):
        return BadCode("check")
    return ClaimCode(code) if code[0] == "C" else VoucherCode(code=code, signed=None)


def _payment_kind(text: str) -> PaymentKind | None:
    """Return which payment code `text` is, else None.

    Tracks: track 1 starts %B, track 2 is ;PAN=, and a reader may keep the sentinels to itself; a
    bare 14 to 19 digit number that passes Luhn and begins like a bank card is treated as one,
    because dropping too much is the safe mistake here. 13 digits are a product's bar code.
    """
    if re.match(r"%B\d|B\d{12,19}\^", text, re.IGNORECASE) or re.search(r"\d{13,19}=", text):
        return "bank_card"
    for link, kind in _WALLETS.items():
        if text.lower().startswith(link):
            return kind
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit()):
        return None
    length, lead = len(digits), int(digits[:2])
    if length == 18 and 10 <= lead <= 15:
        return "wechat_pay"
    if 16 <= length <= 24 and 25 <= lead <= 30:
        return "alipay"
    if length == 19 and lead == 62:
        return "unionpay"
    begins_like_one = digits[:1] in set("3456") or 2221 <= int(digits[:4] or 0) <= 2720
    if 14 <= length <= 19 and begins_like_one and _luhn(digits):
        return "bank_card"
    return None


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def mask_name(name: str) -> str:
    """Return a name as tills and slips may show it, at most 12 bytes: 王**, A***."""
    first = name.strip()[:1]
    return first + "*" * (2 if len(first.encode()) > 1 else 3) if first else "***"


def mask_number(number: str) -> str:
    """Return a member number with all but its last four digits hidden."""
    return "****" + number[-4:]
