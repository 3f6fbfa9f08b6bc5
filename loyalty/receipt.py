"""What a printed receipt says, and the fingerprint that makes its copies the same receipt.

Money is integer minor units (fen, sen, cents): every currency we read has two minor digits. The
time on the paper is local time without a zone, exactly as printed: it identifies the paper, it is
never used as a clock.
"""

import hashlib
import unicodedata
from enum import StrEnum

from msgspec import Struct, structs


class Kind(StrEnum):
    """What a printed document is; only some kinds move points."""

    SALE = "sale"
    EXCHANGE = "exchange"
    REFUND = "refund"
    VOID = "void"
    PRE_BILL = "pre_bill"
    KITCHEN_TICKET = "kitchen_ticket"
    PAYMENT_SLIP = "payment_slip"
    INVOICE_SLIP = "invoice_slip"
    REPORT = "report"
    TOPUP = "topup"
    DEPOSIT = "deposit"
    ON_ACCOUNT = "on_account"
    DELIVERY_ORDER = "delivery_order"
    TRAINING = "training"
    REDEMPTION_SLIP = "redemption_slip"
    OTHER = "other"


#: The kinds that move points: a sale and an exchange by what was paid, the others take back.
EARNING_KINDS = frozenset({Kind.SALE, Kind.EXCHANGE, Kind.REFUND, Kind.VOID})


#: The ways to pay that receipts are read as.
TENDER_KINDS = frozenset(
    [
        "alipay",
        "bank_transfer",
        "cash",
        "cheque",
        "credit_card",
        "digital_yuan",
        "e_wallet",
        "fps",
        "mall_points",
        "mall_voucher",
        "medical_insurance",
        "octopus",
        "on_account",
        "paynow",
        "platform_online",
        "platform_voucher",
        "tenant_stored_value",
        "unionpay_card",
        "wechat_pay",
    ]
)


class Item(Struct, frozen=True, gc=False):
    """One line of goods. `quantity` is the printed decimal; `topup` marks stored value sold."""

    name: str
    quantity: str
    amount_fen: int
    topup: bool = False


class Tender(Struct, frozen=True, gc=False):
    """One way the receipt was paid; `kind` is one of TENDER_KINDS."""

    kind: str
    amount_fen: int


class Receipt(Struct, frozen=True, gc=False):
    """A receipt as read from paper, bound to the shop whose till printed it.

    `owed_fen` is signed: negative on a refund or void. `printed_at` is `YYYY-MM-DDTHH:MM:SS`
    local time or None. `text_digest` is the digest of the normalised lines and stands in for the
    number on receipts that print none.
    """

    shop_id: str
    kind: Kind
    number: str | None
    printed_at: str | None
    currency: str
    owed_fen: int
    items: tuple[Item, ...] = ()
    tenders: tuple[Tender, ...] = ()
    deposit_used_fen: int = 0
    original_number: str | None = None
    reprint: bool = False
    text_digest: str | None = None


def normalise_number(number: str) -> str:
    """Return the number as it is compared: width folded, upper case, no blanks, no leading #."""
    if number.isascii() and number.isalnum():
        return number.upper()
    folded = unicodedata.normalize("NFKC", number).upper()
    return "".join(folded.split()).lstrip("#")


def fingerprint(receipt: Receipt, discriminator: str = "") -> bytes:
    """Return the 32 bytes that the print, its reprint, a claim and a photo of it all share.

    Shop, number, printed date, signed owed amount and currency; without a number the shop, the
    printed time and the digest of the lines. `discriminator` is set when a person has accepted
    that a second sale really carries the same facts (promise P3).
    Raises ValueError if the receipt has neither a number nor a text digest.
    """
    if receipt.number is not None:
        day = (receipt.printed_at or "")[:10]
        parts = ("number", receipt.shop_id, normalise_number(receipt.number), day)
    elif receipt.text_digest is not None:
        parts = ("lines", receipt.shop_id, receipt.text_digest, receipt.printed_at or "")
    else:
        raise ValueError("a receipt without a number needs the digest of its lines")
    framed = b"tillpoints receipt 1"
    for part in (*parts, str(receipt.owed_fen), receipt.currency, discriminator):
        data = part.encode()
        framed += len(data).to_bytes(4, "big") + data
    return hashlib.sha256(framed).digest()


def without_lines(receipt: Receipt) -> Receipt:
    """Return the receipt as it may leave the till: its facts, without what was bought."""
    return structs.replace(receipt, items=())
