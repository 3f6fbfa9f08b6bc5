from zoneinfo import ZoneInfo

from msgspec import structs

from central.ledger import unsure
from central.ledger.queries import statement
from loyalty.facts import BootClock, ClockSample
from loyalty.rules.earning import Reason
from loyalty.wording import say
from tests.central.programme import DAY_MS, START_MS, member

SHANGHAI = ZoneInfo("Asia/Shanghai")


def told(programme):
    lines = programme.read(statement, member(), 0, programme.now_ms + 1).lines
    return programme.read(unsure.of_lines, lines, SHANGHAI)


def in_boot(body, boot_id):
    return structs.replace(body, at=structs.replace(body.at, boot_id=boot_id))


def test_a_sale_in_the_boot_that_met_central_is_of_a_sure_day(programme):
    programme.till.push(programme.till.sale(member()))
    assert told(programme) == [None]


def test_a_sale_in_a_boot_without_contact_names_the_days_between_which_it_lies(programme):
    till = programme.till
    till.write(in_boot(till.sale(member()), "offline"))
    programme.now_ms += 2 * DAY_MS
    boots = (
        BootClock("before", 0, ClockSample(START_MS, 500, 100)),
        BootClock("offline", 0, None),
        BootClock("boot", 0, None),
    )
    till.send(till.request(boots=boots))
    (reason,) = told(programme)
    assert reason == Reason("time_unsure", {"first": "2026-05-29", "last": "2026-05-31"})
    assert say(reason, "zh") == "时间待核：2026-05-29 至 2026-05-31 之间"
    assert "between 2026-05-29 and 2026-05-31" in say(reason, "en")


def test_a_time_that_cannot_be_is_told_as_unsure(programme):
    till = programme.till
    till.write(till.sale(member()))
    boots = (BootClock("boot", 0, ClockSample(START_MS + 9 * DAY_MS, 10 * DAY_MS, 0)),)
    till.send(till.request(boots=boots))
    assert told(programme) == [Reason("time_clamped", {"last": "2026-05-29"})]


def test_an_event_that_waited_is_of_its_own_time_and_not_of_its_judgement(programme):
    till = programme.till
    sale = till.sale(member())
    refund = till.refund(sale)
    till.write(in_boot(refund, "offline"))
    programme.now_ms += 2 * DAY_MS
    boots = (
        BootClock("before", 0, ClockSample(START_MS, 500, 100)),
        BootClock("offline", 0, None),
        BootClock("boot", 0, None),
    )
    till.send(till.request(boots=boots))
    programme.now_ms += DAY_MS
    till.push(sale)
    assert [one and one.code for one in told(programme)] == [None, "time_unsure"]
