"""What a label says the amount beside it is.

Owns which word rules where a label holds several, and nothing of where the amount stands.
"""

import re
from functools import lru_cache

from receipts.text import lexicon
from receipts.text.amount_words import ALONE, Role

_RATE = re.compile(r"\d\s?%")
_FOLD = re.compile(r"\d\s?折")
#: `满900减50`: terms of a discount, not amounts.
TERMS = re.compile(r"[满滿]\s?\d+(?:\.\d+)?元?\s?[立]?[减減送赠贈返]\s?\d*(?:\.\d+)?元?")
_JOINTS = str.maketrans("._", "  ")
_COUNTED = re.compile(r"\((?:QTY|ITEMS?|NO|共)[^)]*\)?")


@lru_cache(maxsize=4096)  # a shop prints the same labels on every receipt
def role_of(label: str) -> tuple[Role, str] | None:
    """Return what an upper-case label says its amount is, with the tender kind; None if nothing."""
    words = label.replace(". ", " ").translate(_JOINTS)
    hits = lexicon.AMOUNTS.find(_COUNTED.sub(" ", words) if "(" in words else words)
    if not hits:
        alone = ALONE.get(words.strip(" :"))
        if alone is not None:
            return alone
        taken_off = ("折" in label and _FOLD.search(label)) or TERMS.search(label)
        return (Role.DISCOUNT, "") if taken_off else None
    meanings: list[tuple[Role, str]] = [value for _, value in hits]
    roles = {role for role, _ in meanings}
    if roles == {Role.NOT_MONEY} and _FOLD.search(label):
        return Role.DISCOUNT, ""  # 会员9.5折
    if roles == {Role.TOTAL} and _RATE.search(label):
        return Role.NOT_MONEY, ""  # the total of one tax rate, not of the receipt
    tender = next((kind for role, kind in meanings if role is Role.TENDER), "")
    return _resolve(roles, tender)


#: Which role wins when a label holds several, most telling first. Tax and totals have own rules.
_RANK = (
    Role.NOT_MONEY, Role.COUNT, Role.WHOLE, Role.CHANGE, Role.DEPOSIT_BACK, Role.DEPOSIT_USED,
    Role.ROUNDING, Role.DISCOUNT, Role.TOPUP, Role.TENDER, Role.RECEIVED, Role.REFUND,
    Role.DEPOSIT, Role.CHARGE, Role.OWED, Role.PAID, Role.SUBTOTAL, Role.TOTAL, Role.NET,
)  # fmt: skip
SUMS = {Role.TOTAL, Role.SUBTOTAL, Role.OWED, Role.PAID}


def _resolve(roles: set[Role], tender: str) -> tuple[Role, str] | None:
    if Role.TAX in roles:
        return _tax_role(roles)
    if Role.OWED in roles and not roles & {Role.NOT_MONEY, Role.COUNT, Role.CHANGE}:
        return Role.OWED, ""
    if Role.TENDER in roles and not roles & {Role.NOT_MONEY, Role.CHANGE, Role.COUNT, Role.TOPUP}:
        if Role.DISCOUNT in roles and tender not in ("mall_points", "mall_voucher"):
            return Role.DISCOUNT, ""
        return Role.TENDER, tender
    if Role.EXCLUSIVE in roles and roles & SUMS:
        return Role.NET, ""
    best = next((role for role in _RANK if role in roles), None)
    if best is None:
        return None
    return best, tender if best is Role.TENDER else ""


def _tax_role(roles: set[Role]) -> tuple[Role, str]:
    if Role.NOT_MONEY in roles or Role.COUNT in roles:
        return Role.NOT_MONEY, ""
    if Role.EXCLUSIVE in roles and roles & SUMS:
        return Role.NET, ""
    if Role.INCLUSIVE in roles and roles & SUMS:
        return next(
            role for role in (Role.OWED, Role.SUBTOTAL, Role.TOTAL, Role.PAID) if role in roles
        ), ""
    if Role.OWED in roles and Role.TOTAL in roles:
        return Role.TOTAL, ""
    return Role.TAX, ""
