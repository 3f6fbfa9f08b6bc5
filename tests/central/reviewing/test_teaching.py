"""What decisions about papers in review teach the shop's template, and who hears of it."""

from msgspec import structs

from central.reviewing.teaching import hand_out, teach, template_of
from loyalty.reviewing import TemplateRow
from loyalty.wire import Topic
from receipts import lessons, templates
from receipts.kept_paper import KeptPaper, pack
from receipts.reading import read_job
from tests.central.ledger.test_reviews import at_desk, decided, opened, paper, sale
from tests.central.sync.test_papers import send

TEXT = "禾鹿小馆\n结账单\n流水编码 N7\n打印于 2026-05-28 12:00:00\n茶  1  100.00\n应收 100.00\n"
JOB = b"\x1b@" + TEXT.encode("gb18030") + b"\x1dV\x00"


def put_in_review(programme, **facts):
    till = programme.till
    name, packed = pack(KeptPaper(0, "", (), read_job(JOB)[0], JOB))
    till.push(opened(till, paper_hash=name, **facts))
    send(till, name, packed)


def known(programme):
    row = programme.read(template_of, "S1")
    return None if row is None else templates.decoded(row.canonical)


def test_a_decision_of_the_desk_teaches_and_the_shops_tills_hear_of_it(programme):
    put_in_review(programme)
    programme.service.run(at_desk(paper(programme.till)))
    assert teach(programme.service) == 1
    row = programme.till.feed(Topic.TEMPLATE, TemplateRow)["S1"]
    template = templates.decoded(row.canonical)
    assert template.papers == 1
    assert template.number_labels == ("流水编码",)
    assert programme.other.feed(Topic.TEMPLATE, TemplateRow) == {}


def test_a_decision_of_the_till_teaches_too_and_each_teaches_once(programme):
    till = programme.till
    put_in_review(programme)
    till.push(decided(till), sale(till))
    assert teach(programme.service) == 1
    assert teach(programme.service) == 0
    template = known(programme)
    assert template is not None
    assert template.papers == 1


def test_a_corrected_number_is_found_on_the_next_paper_by_its_label(programme):
    put_in_review(programme)
    programme.service.run(at_desk(paper(programme.till)))
    teach(programme.service)
    template = known(programme)
    again = JOB.replace("编码 N7".encode("gb18030"), "编码 N8".encode("gb18030"))
    assert read_job(again, template=template)[0].number == "N8"


def test_a_rejected_paper_and_one_that_has_not_arrived_teach_nothing(programme):
    till = programme.till
    till.push(opened(till))
    assert teach(programme.service) == 0
    programme.service.run(at_desk(None, why="x"))
    assert teach(programme.service) == 0
    assert known(programme) is None


def test_a_paper_of_another_shop_teaches_this_one_nothing(programme):
    put_in_review(programme)
    elsewhere = structs.replace(paper(programme.till), shop_id="S2")
    programme.service.run(at_desk(elsewhere))
    assert teach(programme.service) == 1
    assert known(programme) is None


def test_a_till_that_comes_later_hears_of_its_shops_template_once(programme):
    put_in_review(programme)
    programme.service.run(at_desk(paper(programme.till)))
    teach(programme.service)
    assert hand_out(programme.service) == 0
    late = programme.add_device("till-3", "till", "S1")
    assert hand_out(programme.service) == 1
    assert hand_out(programme.service) == 0
    assert list(late.feed(Topic.TEMPLATE, TemplateRow)) == ["S1"]


def test_a_paper_that_trips_the_teacher_teaches_nothing_and_holds_up_nobody(programme, monkeypatch):
    put_in_review(programme)
    programme.service.run(at_desk(paper(programme.till)))
    monkeypatch.setattr(lessons, "taught", lambda *_: 1 // 0)
    assert teach(programme.service) == 1
    assert teach(programme.service) == 0
