"""A small rule book for the tests of the rules."""

import pytest

from loyalty.rules.rulebook import RuleBook, from_toml

TOML = """
name = "测试规则"
currency = "CNY"
rounding = "floor"
expiry_months = 12
claim_days = 7
voucher_days = 30
redeem_limit_points = 2000
unearning_tenders = ["mall_points", "mall_voucher", "platform_voucher", "platform_online"]

[[rates]]
category = "dining"
points = 1
per_fen = 100
name_zh = "餐饮"
name_en = "Dining"

[[rates]]
category = "*"
points = 1
per_fen = 1000
name_zh = "其他"
name_en = "Other"

[[tiers]]
id = "basic"
name_zh = "普通"
name_en = "Basic"
from_points = 0
multiplier = "1"

[[tiers]]
id = "gold"
name_zh = "金卡"
name_en = "Gold"
from_points = 1001
multiplier = "3/2"
"""


def a_rule_book() -> RuleBook:
    return from_toml(TOML)


@pytest.fixture
def book() -> RuleBook:
    return a_rule_book()
