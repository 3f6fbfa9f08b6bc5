"""A till of a test programme as its agent is: a real journal, the till's shell, papers to read.

Central answers over its real calls, or does not while the till is `cut_off`.
"""

from zoneinfo import ZoneInfo

from msgspec import structs

from edge_agent import clocks, commands
from edge_agent.desks import desk
from edge_agent.effects import AskLease, AskVoucher, Terms
from edge_agent.journal.journal import Journal
from edge_agent.messages import JobRead, LeaseAnswered, VoucherAnswered
from loyalty import wire
from loyalty.events import Moment
from loyalty.rules import rulebook
from loyalty.wire import PushAnswer, ShopRow
from receipts.reading import read_text
from tests.edge_agent.conftest import PaperBox
from tests.edge_agent.till.test_review import a_job

ZONE = ZoneInfo("Asia/Shanghai")
RULE = "-" * 32


class RealCounter:
    """One till; `told` is what its cashier heard last, with the tone and both languages."""

    def __init__(self, programme, device, folder, book):
        self.programme, self.device, self.cut_off = programme, device, False
        self.journal = Journal.open(folder)
        self.journal.enrol(device.enrolled, "http://central")
        shop = device.enrolled.shop_id
        row = ShopRow(shop, f"{shop} 店", f"Shop {shop}", "food")
        self.terms = Terms("澄湖天地", shop, row, book, rulebook.version(book))
        self.asked, self.sent, self.at_s, self.numbers = [], 0, 100.0, 0
        identity = self.journal.identity()
        self.till = desk(self.journal, identity, self.asked.append, bool, bool, PaperBox())
        self.meet_central()

    def close(self):
        self.journal.close()

    def meet_central(self):
        """Tell central what it does not know, and hear what is new there."""
        links = list(self.journal.links())
        for link in links[self.sent :]:
            self.device.write_frame(link.frame)
        if links[self.sent :]:
            assert self.device.send().status == "ok"
        self.sent = len(links)
        answer = PushAnswer("ok", 0, 1, (), 0, self.programme.now_ms, b"")
        self.journal.acknowledge(answer, self.moment(), 0)
        self.journal.take_page(self.device.pull())

    def moment(self):
        return Moment(self.programme.now_ms, "boot", round(self.at_s * 1000))

    def do(self, message):
        """Let the till act, and central answer what it asks; return what the cashier was told."""
        now = clocks.now(self.journal, ZONE, self.moment())
        self.till.handle(message, now, self.terms)
        while self.asked:
            self.till.handle(self._answered(self.asked.pop(0)), now, self.terms)
        return self.told()

    def told(self):
        notice = self.till.state.notice
        return notice.phrase.code if notice else ""

    def _answered(self, ask):
        if isinstance(ask, AskVoucher):
            request = wire.VoucherRequest(ask.request_id, ask.voucher_code)
            answer = self._call(wire.VOUCHER_PATH, request, wire.VoucherAnswer)
            return VoucherAnswered(ask.voucher_code, answer)
        assert isinstance(ask, AskLease), ask
        kept = self.journal.lease_asked("s1", ask.request_id, ask.holder, ask.reward_id)
        request = structs.replace(
            kept, points=ask.points, bill=ask.bill, pin=ask.pin, shown_pass=ask.shown_pass
        )
        answer = self._call(wire.LEASE_PATH, request, wire.LeaseAnswer)
        if answer is not None:
            self.journal.lease_answered(ask.request_id, answer)
        return LeaseAnswered(ask.request_id, answer)

    def _call(self, path, request, answer_type):
        return None if self.cut_off else self.device.ask(path, request, answer_type)

    def coupon(self, text, amount=""):
        """Scan a coupon and type the amount due; return what the cashier was told."""
        told = self.do(commands.Scan(text))
        if amount and self.till.coupons.shown is not None:
            told = self.do(commands.CouponBill(amount))
        return told

    @property
    def off_fen(self):
        shown = self.till.coupons.shown
        return shown.kept.bill.paid_fen if shown else 0

    def prints(self, text):
        """Print a paper and tell central what came of it."""
        self.at_s += 10
        message = JobRead(a_job(text.encode(), self.at_s), tuple(read_text(text)))
        self.at_s += 1
        told = self.do(message)
        assert message.recorded
        if not self.cut_off:
            self.meet_central()
        return told

    def sells(self, goods, owed, lines="", paid=()):
        """Print the receipt of a sale; `lines` stand above the amount owed."""
        self.numbers += 1
        tenders = "\n".join(paid) or f"微信支付    {owed}"
        return self.prints(
            f"            禾鹿小馆\n             结账单\n{RULE}\n单号:{self._number()}\n"
            f"结账:{self._when()}\n{RULE}\n招牌酸菜鱼       1  {goods}  {goods}\n{RULE}\n"
            f"小计   {goods}\n{lines}应收       {owed}\n{RULE}\n{tenders}\n"
        )

    def refunds(self, amount):
        """Print the refund of the last sale, or of a part of it."""
        back = f"R{self.numbers}-{self.at_s:.0f}"
        return self.prints(
            f"            禾鹿小馆\n             退货单\n{RULE}\n单号:{back}\n"
            f"原单号:{self._number()}\n时间:{self._when()}\n{RULE}\n"
            f"招牌酸菜鱼       1  -{amount}  -{amount}\n{RULE}\n退款合计       -{amount}\n{RULE}\n"
            f"微信支付    -{amount}\n"
        )

    def _number(self):
        return f"{self.device.enrolled.shop_id}B{self.numbers}"

    def _when(self):
        return clocks.now(self.journal, ZONE, self.moment()).local
