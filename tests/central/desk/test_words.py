from central.desk.words import what
from central.ledger.judging.accounts import Code


def test_every_reason_for_which_points_move_has_words_in_both_languages():
    for code in Code:
        zh, en = what(code, None, None)
        assert zh
        assert not zh.isascii()
        assert en.isascii()


def test_the_shop_or_the_reward_stands_in_front():
    shop, reward = ("禾鹿小馆", "Helu Bistro"), ("保温杯", "Thermos")
    assert what(Code.AWARD, shop, None) == ("禾鹿小馆 消费", "Helu Bistro: purchase")
    assert what(Code.REDEEM, None, reward) == ("保温杯 兑换", "Thermos: redeemed")
