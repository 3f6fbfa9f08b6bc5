"""A restaurant's 58 mm checkout: bills, checks before paying, kitchen tickets, voids, reprints."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from tillpoints.demo.pos.layout import cells, middle, pair
from tillpoints.demo.pos.ticket import (
    ALIPAY,
    CASH,
    WECHAT,
    Goods,
    Row,
    Ticket,
    handed_over,
    yuan,
)

WIDTH = 32
RULE = "-" * WIDTH
TABLE = (16, 2, 7, 7)
MENU = tuple(
    Goods(name, price_fen)
    for name, price_fen in (
        ("招牌酸菜鱼", 9800),
        ("手打牛肉丸", 4600),
        ("清炒时蔬", 2800),
        ("米饭", 300),
        ("酸梅汤(扎)", 3200),
        ("椒麻鸡", 5850),
        ("干锅花菜", 3600),
        ("红糖糍粑", 2280),
        ("蒜蓉粉丝虾", 7800),
        ("桂花酒酿", 1880),
        ("老坛泡菜", 1250),
        ("冰镇柠檬茶", 1680),
    )
)


class Bistro:
    """禾鹿小馆, whose POS numbers its bills through the day."""

    shop_id = "helu"
    width = WIDTH
    kanji_command = False  # a clone printer: Chinese from power-on

    goods = MENU

    def ticket(
        self, serial: int, at: datetime, rng: Random, wanted: tuple[Goods, ...] = ()
    ) -> Ticket:
        """Return a table's bill: what was wanted, else a random choice."""
        chosen = wanted or tuple(rng.sample(MENU, rng.randint(2, 5)))
        rows = tuple(Row(goods, _helpings(goods, rng)) for goods in chosen)
        goods_fen = sum(row.amount_fen for row in rows)
        extras: list[tuple[str, int]] = []
        if rng.random() < 0.5:
            extras.append(("服务费(10%)", (goods_fen + 5) // 10))
        if rng.random() < 0.3 and goods_fen > 8000:
            extras.append(("会员优惠", -rng.choice((500, 1000, 2000))))
        odd = (goods_fen + sum(amount for _, amount in extras)) % 100
        if odd:
            extras.append(("抹零", -odd))
        tender = rng.choice((CASH, WECHAT, WECHAT, ALIPAY))
        owed = goods_fen + sum(amount for _, amount in extras)
        number = f"HL{at:%Y%m%d}{serial:04d}"
        return Ticket(number, serial, at, rows, tuple(extras), tender, handed_over(owed, tender))

    def sale(self, ticket: Ticket) -> list[str]:
        """Return the bill that the customer pays."""
        lines = [*self._head(ticket, "结账单"), f"流水号:{ticket.serial:04d}        收银:小周(08)"]
        lines += [f"开台:{ticket.at - timedelta(minutes=53):%Y-%m-%d %H:%M}"]
        lines += [f"结账:{ticket.at:%Y-%m-%d %H:%M:%S}", RULE]
        lines += [cells(("品名", "数量", "单价", "小计"), (14, 4, 7, 7)), RULE]
        lines += [*self._rows(ticket), RULE, pair("小计", yuan(ticket.goods_fen), WIDTH)]
        lines += [pair(label, yuan(amount), WIDTH) for label, amount in ticket.extras]
        lines += [pair("应收", yuan(ticket.owed_fen), WIDTH), RULE]
        if ticket.tender == CASH:
            lines += [pair("现金实收", yuan(ticket.paid_fen), WIDTH)]
            lines += [pair("找零", yuan(ticket.paid_fen - ticket.owed_fen), WIDTH)]
        else:
            lines += [pair(ticket.tender, yuan(ticket.owed_fen), WIDTH)]
        return [*lines, RULE, middle("谢谢惠顾 欢迎再次光临", WIDTH)]

    def unclear(self, ticket: Ticket) -> list[str]:
        """Return the bill as a worn print head leaves it: no payment, and a total that differs."""
        *lines, _, _ = self.sale(ticket)
        while not lines[-1].startswith(RULE):
            lines.pop()
        owed = pair("应收", yuan(ticket.owed_fen), WIDTH)
        worn = pair("应收", yuan(ticket.owed_fen + 10_00), WIDTH)
        return [worn if line == owed else line for line in lines]

    def reprint(self, ticket: Ticket, at: datetime) -> list[str]:
        """Return the bill once more, marked as such."""
        foot = [f"补打时间:{at:%Y-%m-%d %H:%M:%S}", "补打人:店长(01)"]
        return [middle("*** 补打 第2次 ***", WIDTH), *self.sale(ticket), *foot]

    def void(self, ticket: Ticket, at: datetime) -> list[str]:
        """Return the whole bill taken back; it keeps its number."""
        lines = [middle("禾鹿小馆", WIDTH), middle("*** 整单作废 ***", WIDTH), RULE]
        lines += [f"单号:{ticket.number}", f"原结账:{ticket.at:%Y-%m-%d %H:%M:%S}"]
        lines += [f"作废:{at:%Y-%m-%d %H:%M:%S}", "授权:店长", RULE]
        for row in ticket.rows:
            label = f"{row.goods.name} x{row.quantity}"
            lines.append(pair(label, yuan(-row.amount_fen), WIDTH))
        lines += [pair(label, yuan(-amount), WIDTH) for label, amount in ticket.extras]
        lines += [RULE, pair("合计", yuan(-ticket.owed_fen), WIDTH)]
        back = CASH if ticket.tender == CASH else f"退{ticket.tender}"
        return [*lines, pair(back, yuan(-ticket.owed_fen), WIDTH)]

    def pre_bill(self, ticket: Ticket) -> list[str]:
        """Return what the table looks at before it pays."""
        lines = [*self._head(ticket, "预结单"), f"打印:{ticket.at:%Y-%m-%d %H:%M:%S}", RULE]
        lines += [cells(("品名", "数量", "单价", "小计"), (14, 4, 7, 7)), *self._rows(ticket), RULE]
        lines += [pair("消费合计", yuan(ticket.goods_fen), WIDTH)]
        lines += [pair(label, yuan(amount), WIDTH) for label, amount in ticket.extras]
        lines += [pair("应付金额", yuan(ticket.owed_fen), WIDTH), RULE]
        return [
            *lines,
            middle("* 本单仅供核对 未付款 *", WIDTH),
            middle("* 不作为结账凭证 *", WIDTH),
        ]

    def kitchen_ticket(self, ticket: Ticket) -> list[str]:
        """Return what the cook gets."""
        lines = [middle("【热菜间】", WIDTH), middle("厨打单", WIDTH), RULE, "桌号:A12"]
        lines += [f"单号:{ticket.number}", f"下单:{ticket.at:%H:%M:%S}  服务员:05", RULE]
        lines += [pair(row.goods.name, f"x{row.quantity}", WIDTH) for row in ticket.rows]
        return [*lines, RULE, f"份数:{ticket.pieces}", middle("第1/1张", WIDTH)]

    def _head(self, ticket: Ticket, title: str) -> list[str]:
        shop = [middle(text, WIDTH) for text in ("禾鹿小馆", "(澄湖天地店)", title)]
        table = f"桌号:A{ticket.serial % 20 + 1:02d}"
        return [
            *shop,
            RULE,
            pair(table, f"人数:{len(ticket.rows)}", WIDTH),
            f"单号:{ticket.number}",
        ]

    def _rows(self, ticket: Ticket) -> list[str]:
        return [
            cells(
                (
                    row.goods.name,
                    str(row.quantity),
                    yuan(row.goods.price_fen),
                    yuan(row.amount_fen),
                ),
                TABLE,
            )
            for row in ticket.rows
        ]


def _helpings(goods: Goods, rng: Random) -> int:
    return rng.randint(2, 4) if goods.name == "米饭" else rng.choice((1, 1, 1, 2))
