"""A fashion shop's 80 mm till: sales with discounts, refunds of single pieces, card slips."""

from __future__ import annotations

from datetime import datetime
from random import Random

from tillpoints.demo.pos.layout import cells, middle, pair
from tillpoints.demo.pos.ticket import (
    ALIPAY,
    UNIONPAY,
    WECHAT,
    Goods,
    Row,
    Ticket,
    handed_over,
    yuan,
)

WIDTH = 48
RULE, DOUBLE_RULE = "-" * WIDTH, "=" * WIDTH
TABLE = (20, 8, 4, 8, 8)
RACK = tuple(
    Goods(name, price_fen, detail)
    for name, price_fen, detail in (
        ("羊毛混纺大衣", 129900, "ZY26W0188 黑 M"),
        ("基础款针织衫", 29900, "ZY26W0203 米 F"),
        ("灯芯绒直筒裤", 35990, "ZY26W0217 驼 S"),
        ("纯棉长袖衬衫", 25900, "ZY26A0122 白 L"),
        ("羊绒围巾", 45900, "ZY26W0301 灰 F"),
        ("连帽卫衣", 32950, "ZY26A0155 绿 M"),
        ("皮质腰带", 19900, "ZY26X0041 棕 F"),
        ("针织帽", 12850, "ZY26W0333 红 F"),
    )
)


class Boutique:
    """织野 ZHIYE, whose POS gives every ticket and every refund a number of its own."""

    shop_id = "zhiye"
    width = WIDTH
    kanji_command = True  # selects Chinese with FS & before it prints any

    goods = RACK

    def ticket(
        self, serial: int, at: datetime, rng: Random, wanted: tuple[Goods, ...] = ()
    ) -> Ticket:
        """Return a customer's purchase: what was wanted, else a random choice."""
        chosen = wanted or tuple(rng.sample(RACK, rng.randint(2, 3)))
        rows = tuple(Row(g, rng.choice((1, 1, 2)), rng.choice((10, 9, 8))) for g in chosen)
        goods_fen = sum(row.amount_fen for row in rows)
        extras: list[tuple[str, int]] = []
        if goods_fen >= 80000:
            extras.append(("满减券", -10000))
        odd = (goods_fen + sum(amount for _, amount in extras)) % 10
        if odd:
            extras.append(("抹分", -odd))
        tender = rng.choice((UNIONPAY, WECHAT, ALIPAY))
        owed = goods_fen + sum(amount for _, amount in extras)
        number = _number(serial, at)
        return Ticket(number, serial, at, rows, tuple(extras), tender, handed_over(owed, tender))

    def sale(self, ticket: Ticket) -> list[str]:
        """Return the customer's receipt."""
        listed = sum(row.listed_fen for row in ticket.rows)
        lines = [*self._head("销售小票", ticket.number, ticket.at), "导购:3071", RULE]
        lines += [cells(("品名/款号", "吊牌价", "数", "折扣", "金额"), TABLE), RULE]
        for row in ticket.rows:
            lines += [row.goods.name, _row(row, 1)]
        lines += [RULE, pair(f"吊牌合计:{yuan(listed)}", f"件数:{ticket.pieces}", WIDTH - 2)]
        if listed != ticket.goods_fen:
            lines += [pair("折扣优惠", yuan(ticket.goods_fen - listed), WIDTH)]
        lines += [pair("合计", yuan(ticket.goods_fen), WIDTH)]
        lines += [pair(label, yuan(amount), WIDTH) for label, amount in ticket.extras]
        lines += [pair("应付", yuan(ticket.owed_fen), WIDTH), RULE]
        lines += [pair(ticket.tender, yuan(ticket.paid_fen), WIDTH)]
        lines += [pair("找零", yuan(ticket.paid_fen - ticket.owed_fen), WIDTH), RULE]
        return [*lines, "凭小票7日内可退换,折扣商品不退"]

    def reprint(self, ticket: Ticket, at: datetime) -> list[str]:
        """Return the receipt once more, marked as such."""
        again = [middle("*** 重打小票 ***", WIDTH), *self.sale(ticket)]
        return [*again, f"重打时间:{at:%Y/%m/%d %H:%M:%S}"]

    def refund(self, ticket: Ticket, row: Row, serial: int, at: datetime) -> tuple[list[str], int]:
        """Return the refund of one line of a ticket, and what is paid back (negative fen).

        The coupon and the rounding of the whole ticket come off in proportion.
        """
        share = sum(amount for _, amount in ticket.extras) * row.amount_fen // ticket.goods_fen
        back = -(row.amount_fen + share)
        lines = self._head("** 退货单 **", _number(serial, at), at)
        lines += [f"原小票号:{ticket.number}", RULE, row.goods.name, _row(row, -1), RULE]
        lines += [pair("合计", yuan(-row.amount_fen), WIDTH)]
        if share:
            lines += [pair("优惠分摊", yuan(-share), WIDTH)]
        lines += [pair("应退", yuan(back), WIDTH), pair(f"退{ticket.tender}", yuan(back), WIDTH)]
        return [*lines, RULE, "退货原因:尺码不合"], back

    def card_slip(self, ticket: Ticket) -> list[str]:
        """Return the bank terminal's slip for the merchant."""
        lines = [middle("POS签购单", WIDTH), middle("商户存根 MERCHANT COPY", WIDTH), RULE]
        lines += ["商户名称:织野服饰(澄湖天地)", "商户编号:899000000000123"]
        lines += ["终端编号:00881234 操作员:01", RULE, "卡号(C):621234******5678"]
        lines += ["交易类型:消费 SALE", f"批次号:000123  凭证号:{ticket.serial:06d}"]
        lines += [
            f"日期时间:{ticket.at:%Y/%m/%d %H:%M:%S}",
            f"金额:RMB {yuan(ticket.owed_fen)}",
            RULE,
        ]
        return [*lines, "持卡人签名:", "", "本人确认以上交易 同意记入本卡"]

    def _head(self, title: str, number: str, at: datetime) -> list[str]:
        shop = [middle(text, WIDTH) for text in ("织野 ZHIYE", "澄湖天地L2-17", title)]
        lines = [*shop, DOUBLE_RULE, pair(f"小票号:{number}", "POS:02", WIDTH)]
        return [*lines, f"时间:{at:%Y/%m/%d %H:%M:%S}             收银员:3002"]


def _number(serial: int, at: datetime) -> str:
    return f"ZY0312-{at:%Y%m%d}-{serial:04d}"


def _row(row: Row, sign: int) -> str:
    discount = f"{row.tenths}.0折" if row.tenths < 10 else ""
    return cells(
        (
            row.goods.detail,
            yuan(row.goods.price_fen),
            str(sign * row.quantity),
            discount,
            yuan(sign * row.amount_fen),
        ),
        TABLE,
    )
