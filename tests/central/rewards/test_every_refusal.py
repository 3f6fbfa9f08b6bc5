"""Every reason for which the code refuses a redemption or a voucher is shown by a case or a test.

The codes are read out of the product's source: one that is new, and that nothing shows, fails here.
"""

import ast
from pathlib import Path
from typing import get_args

import pytest

from central.access.proof import Missing
from loyalty.catalogue import KINDS
from loyalty.rules.earning import Reason
from loyalty.wording import codes, say
from tests.central.rewards.redeem_cases import cases, read

ROOT = Path(__file__).parents[3]
#: Where points are lent, spent and given back, and vouchers handed in. Whole folders, and files.
REFUSING = (
    "central/sync/spending.py",
    "central/sync/reward_offers.py",
    "central/sync/readying.py",
    "central/ledger/commands.py",
    "central/ledger/lease_commands.py",
    "central/ledger/reward_commands.py",
    "central/ledger/offer.py",
    "central/desk/redeeming.py",
    "loyalty/catalogue.py",
    "edge_agent/redeeming",
    "edge_agent/till/handing_in.py",
    "edge_agent/sync/online.py",
)
#: What no case file can bring about, and the test that does.
ELSEWHERE = {
    "after_restore": "tests/central/sync/test_census.py",
    "another_run": "tests/attacks/test_redeeming.py",
    "armed_elsewhere": "tests/attacks/test_redeeming.py",
    "plate_wrong": "tests/central/desk/test_rewards.py",
    "cancel_why": "tests/central/desk/test_rewards.py",
    "coupon_at_till": "tests/central/desk/test_rewards.py",
    "coupon_released": "tests/central/sync/test_coupons.py",
    "crowded": "tests/central/desk/test_rewards.py",
    "disk_full": "tests/edge_agent/journal/file/test_ballast.py",
    "lease_in_doubt": "tests/central/sync/test_spending.py",
    "lease_unknown": "tests/central/ledger/test_redemptions.py",
    "lots_unknown": "tests/central/ledger/test_returning.py",
    "offline": "tests/edge_agent/kiosk/test_machine.py",
    "pass_old": "tests/central/access/test_proof.py",
    "pass_used": "tests/central/access/test_proof.py",
    "pin_waits": "tests/central/access/test_proof.py",
    "proof_wanted": "tests/central/desk/test_rewards.py",
    "too_many_leases": "tests/central/sync/test_limits.py",
    "voucher_day_unsure": "tests/edge_agent/till/test_handing_in.py",
    "voucher_forged": "tests/edge_agent/till/test_handing_in.py",
    "voucher_not_known_here": "tests/edge_agent/till/test_handing_in.py",
    "voucher_offline": "tests/edge_agent/till/test_handing_in.py",
    **{
        code: "tests/edge_agent/till/test_redeeming.py"
        for code in codes()
        if code.startswith("offline_")
    },
}
#: Codes of these files that refuse no redemption.
OTHERS = {"offline_ready", "coupon_one_bill"}


def files():
    for name in REFUSING:
        path = ROOT / name
        yield from sorted(path.glob("*.py")) if path.is_dir() else [path]


def in_the_code():
    """Return every code that stands in a `Reason(...)` or `refused(...)` of the refusing files."""
    found = set(get_args(Missing))
    for path in files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Reason", "refused"):
                first = node.args[0] if node.args else None
                constants = [one for one in ast.walk(first) if isinstance(one, ast.Constant)]
                found |= {one.value for one in constants if isinstance(one.value, str)}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                # Codes that are kept under a name first and told later.
                found |= {node.value} & {code for code in codes() if "_" in code}
    return found & set(codes()) - OTHERS


def told_in_cases():
    return {
        step["refused"] for path in cases() for step in read(path)["steps"] if "refused" in step
    }


@pytest.mark.parametrize("code", sorted(in_the_code()))
def test_a_refusal_is_shown_by_a_case_or_a_test(code):
    if code in told_in_cases():
        return
    assert code in ELSEWHERE, f"no case under tests/cases/redeem is refused with {code}"
    text = (ROOT / ELSEWHERE[code]).read_text(encoding="utf-8")
    words = say(Reason(code, dict.fromkeys(FIELDS, "")), "zh")
    assert f'"{code}"' in text or words in text, f"{ELSEWHERE[code]} does not show {code}"


FIELDS = ("limit", "minutes", "points", "needed", "until", "available", "held")


def test_the_refusals_of_the_code_are_found_at_all():
    found = in_the_code()
    assert {"balance_held", "offline_stock", "reward_gone", "voucher_used", "pin_wrong"} <= found
    assert len(found) > 40


def test_every_kind_of_reward_is_redeemed_cancelled_and_expires_in_a_case():
    done = {"redeem": set(), "cancel": set(), "expire": set()}
    for path in cases():
        case = read(path)
        kinds = {one["reward_id"]: one["kind"] for one in case["rewards"]}
        open_ones = {}
        for step in case["steps"]:
            name = step.get("name", step.get("reward", ""))
            if step["do"] == "redeem" and "refused" not in step:
                open_ones[name] = kinds[step["reward"]]
                done["redeem"].add(kinds[step["reward"]])
            elif step["do"] == "cancel" and "refused" not in step and name in open_ones:
                done["cancel"].add(open_ones.pop(name))
            elif step["do"] == "expire" and step.get("returned") == len(open_ones):
                done["expire"] |= set(open_ones.values())
    assert done == {what: set(KINDS) for what in done}
