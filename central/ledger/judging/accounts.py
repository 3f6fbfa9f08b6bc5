"""The accounts of the ledger and the codes of the transfers between them.

An account's id spells out whose it is, so no table is needed to read a transfer: the kind in one
byte, then the holder. `posted` is what was credited less what was debited; a wallet's is never
negative, a debt account's is minus what the holder owes, the house's add up to minus the rest.
"""

from enum import IntEnum

from loyalty.events import Holder


class AccountKind(IntEnum):
    """What an account is for."""

    WALLET = 1  # a holder's points
    DEBT = 2  # points taken back from a holder beyond what was there
    ISSUER = 3  # where points come from and go back to
    REDEMPTION = 4  # points that were spent on rewards
    SETTLEMENT = 5  # what a merchant is due
    BREAKAGE = 6  # points that expired
    OFFLINE_LOSS = 7  # what the house paid for spending away from central
    PENDING = 8  # a holder's points that do not count yet


class Code(IntEnum):
    """Why points moved."""

    AWARD = 1
    TRUE_UP = 2  # central's rules give more than the device promised
    PROMISE = 3  # the device promised more than central's rules give, and that stands
    TAKE_BACK = 4  # a refund
    TAKE_BACK_OWED = 5  # a refund of points that were spent already
    DEBT_PAID = 6
    REDEEM = 7
    CARD_MOVED = 8  # a card's points went to its member
    DEBT_MOVED = 9
    REVERSAL = 10  # a correction took an award back
    REVERSAL_OWED = 11
    OFFLINE_LOSS = 12  # a spend under a lease that was released
    OVERRUN = 13  # promised by a till beyond a cap that receipts share
    EXPIRED = 14  # their last day is over
    RECALCULATED = 15  # corrected rules give more for a sale of the past
    RECALCULATED_BACK = 16  # they give less
    RECALCULATED_OWED = 17  # they give less, and the points are spent
    ACTIVITY = 18
    ACTIVITY_BACK = 22  # what was bought for it came back
    ACTIVITY_OWED = 23
    RELEASED = 19  # pending points count from now on
    CANCELLED = 20  # a redemption was taken back
    VOUCHER_EXPIRED = 21  # nobody handed a voucher in while it counted
    PAID = 24  # points that were money at a shop's till
    PAID_BACK = 25  # what they had paid came back
    COUPON_USED = 26  # the points of a coupon, to the shop whose bill it was taken off
    COUPON_BACK = 27  # the whole bill came back
    LOSS_BACK = 28  # what the house had paid for a second use, as only one of them stands


ISSUER = bytes([AccountKind.ISSUER])
REDEMPTION = bytes([AccountKind.REDEMPTION])
OFFLINE_LOSS = bytes([AccountKind.OFFLINE_LOSS])
BREAKAGE = bytes([AccountKind.BREAKAGE])
_SETTLEMENT = f"{chr(AccountKind.SETTLEMENT)}shop:"
_WALLET = chr(AccountKind.WALLET)
_DEBT = chr(AccountKind.DEBT)
_PENDING = chr(AccountKind.PENDING)


def wallet_id(holder: Holder) -> bytes:
    """Return the id of a holder's wallet."""
    return f"{_WALLET}{holder.kind}:{holder.key}".encode()


def debt_id(holder: Holder) -> bytes:
    """Return the id of the account that holds what a holder owes."""
    return f"{_DEBT}{holder.kind}:{holder.key}".encode()


def pending_id(holder: Holder) -> bytes:
    """Return the id of the account that holds a holder's points until they count."""
    return f"{_PENDING}{holder.kind}:{holder.key}".encode()


def settlement_id(shop_id: str) -> bytes:
    """Return the id of the account of what the mall owes a shop for points that paid there."""
    return f"{_SETTLEMENT}{shop_id}".encode()


def kind_of(account_id: bytes) -> AccountKind:
    """Return the kind of an account. Raises ValueError for a kind this version does not know."""
    return AccountKind(account_id[0])


def holder_of(account_id: bytes) -> Holder | None:
    """Return whose account it is; None for an account of the house."""
    kind, _, key = account_id[1:].decode().partition(":")
    if kind == "member":
        return Holder("member", key)
    if kind == "card":
        return Holder("card", key)
    return None
