"""The rule book of simulated malls, before anybody adds to it."""

from loyalty.rules import rulebook

TOML = """
name = "simulated"
currency = "CNY"
rounding = "floor"
expiry_months = 12
claim_days = 30
voucher_days = 14
redeem_limit_points = 5000
unearning_tenders = ["mall_points"]
[[rates]]
category = "*"
points = 1
per_fen = 100
name_zh = "消费"
name_en = "Shopping"
[[tiers]]
id = "base"
name_zh = "普卡"
name_en = "Base"
from_points = 0
multiplier = "1"
[[tiers]]
id = "gold"
name_zh = "金卡"
name_en = "Gold"
from_points = 1000
multiplier = "3/2"
"""
BOOK = rulebook.from_toml(TOML)
