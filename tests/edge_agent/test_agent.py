"""One till with real parts: paper, card, screen, journal and slip."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from edge_agent.journal.reader import Reader
from receipts.pictures.as_text import Paper
from receipts.reading import papers_of
from tests.edge_agent.counter import LI, NEW_CARD, WANG, Counter, sale_text

PAYMENT_CODE = "134567890123456789"


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path)
    try:
        counter.start()
        yield counter
    finally:
        counter.close()


def first(state: dict) -> dict:
    return state["recent"][0] if state["recent"] else {}


def test_a_scan_then_a_receipt_becomes_points_on_screen_and_paper(counter: Counter) -> None:
    counter.scanner.scan("TPM" + WANG)
    state = counter.wait(lambda state: state["member"])
    assert state["member"]["masked_name"] == "王**"
    assert state["sound"]["kind"] == "ok"
    counter.print(sale_text("HL1"))
    state = counter.wait(lambda state: first(state).get("state") == "awarded")
    assert (first(state)["points"], first(state)["number"]) == (214, "HL1")
    assert state["member"] is None
    slip = counter.wait_for_paper("+214", "王**")
    assert any("1,214" in line for line in slip)
    counter.wait(lambda state: (first(state)["slip"] or {}).get("state") == "printed")


def test_a_receipt_then_a_scan_is_claimed_and_no_claim_slip_is_printed(counter: Counter) -> None:
    counter.print(sale_text("HL1"))
    state = counter.wait(lambda state: state["waiting"])
    assert (state["waiting"]["amount"], state["waiting"]["points_basis"]) == ("214.00", 214)
    counter.scanner.scan("TPM" + LI)
    state = counter.wait(lambda state: first(state).get("state") == "claimed")
    assert first(state)["points"] == 321
    counter.wait_for_paper("+321", "李**")
    assert "认领码" not in "\n".join("\n".join(lines) for lines in counter.paper())


def test_a_payment_code_is_refused_aloud_and_stays_nowhere(counter: Counter) -> None:
    counter.scanner.scan(PAYMENT_CODE)
    state = counter.wait(lambda state: state["notice"])
    assert state["notice"]["phrase"]["code"] == "scan_payment_code"
    assert state["sound"]["kind"] == "error"
    counter.print(sale_text("HL1"))
    counter.wait(lambda state: state["waiting"])
    counter.stop()
    for path in counter.folder.rglob("*"):
        if path.is_file():
            assert PAYMENT_CODE.encode() not in path.read_bytes()


def test_a_reprint_and_a_second_print_earn_nothing_again(counter: Counter) -> None:
    counter.scanner.scan("TPM" + WANG)
    counter.wait(lambda state: state["member"])
    counter.print(sale_text("HL1"))
    counter.wait(lambda state: first(state).get("state") == "awarded")
    counter.print("*** 补打 第2次 ***\n" + sale_text("HL1"))
    counter.wait(lambda state: first(state).get("kind") == "ignored")
    counter.print(sale_text("HL1"))
    counter.wait(lambda state: len(state["recent"]) == 3)
    with Reader(counter.folder / "state") as journal:
        assert journal.outbox().depth == 1


def test_a_wrong_member_is_corrected_on_the_panel(counter: Counter) -> None:
    counter.scanner.scan("TPM" + WANG)
    counter.wait(lambda state: state["member"])
    counter.print(sale_text("HL1"))
    state = counter.wait(lambda state: first(state).get("state") == "awarded")
    sale = first(state)["fingerprint"]
    assert counter.do(do="reassign", fingerprint=sale, text=LI).json() == {"ok": True}
    state = counter.wait(lambda state: first(state)["points"] == 321)
    assert first(state)["holder"]["masked_name"] == "李**"
    counter.do(do="lookup", text=WANG)
    state = counter.wait(lambda state: state["lookup"])
    assert state["lookup"]["result"]["balance"] == 1000


def test_an_unknown_card_earns_to_the_card(counter: Counter) -> None:
    counter.scanner.scan("TPM" + NEW_CARD)
    state = counter.wait(lambda state: state["member"])
    assert state["member"]["new_card"]
    counter.print(sale_text("HL1"))
    counter.wait(lambda state: first(state).get("state") == "awarded")
    counter.scanner.scan("TPM" + NEW_CARD)
    state = counter.wait(lambda state: state["member"])
    assert state["member"]["balance"] == 214


def test_a_refund_takes_back_in_proportion(counter: Counter) -> None:
    counter.scanner.scan("TPM" + WANG)
    counter.wait(lambda state: state["member"])
    counter.print(sale_text("HL1"))
    counter.wait(lambda state: first(state).get("state") == "awarded")
    counter.print(
        f"            禾鹿小馆\n          ** 退货单 **\n{'-' * 32}\n单号:HL2\n原单号:HL1\n"
        f"时间:2026-11-08 14:00:00\n{'-' * 32}\n招牌酸菜鱼   -1        -107.00\n{'-' * 32}\n"
        f"应退{'-107.00':>28}\n退微信支付{'-107.00':>22}\n"
    )
    state = counter.wait(lambda state: first(state).get("kind") == "refund")
    assert first(state)["points"] == -107
    assert first(state)["holder"]["masked_name"] == "王**"
    counter.wait_for_paper("退货扣分凭条", "-107")
    counter.do(do="lookup", text=WANG)
    state = counter.wait(lambda state: state["lookup"])
    assert state["lookup"]["result"]["balance"] == 1107


def test_the_agent_that_was_stopped_reads_what_was_printed_meanwhile(counter: Counter) -> None:
    counter.stop()
    for number in ("HL1", "HL2", "HL3"):
        counter.print(sale_text(number))
    counter.start()
    state = counter.wait(lambda state: len(state["recent"]) == 3)
    assert [row["number"] for row in state["recent"]] == ["HL3", "HL2", "HL1"]
    with Reader(counter.folder / "state") as journal:
        assert journal.outbox().depth == 3


def test_an_unclaimed_sale_survives_a_restart_with_its_window(counter: Counter) -> None:
    counter.print(sale_text("HL1"))
    counter.wait(lambda state: state["waiting"])
    counter.stop()
    counter.start()
    counter.wait(lambda state: state["waiting"])
    counter.scanner.scan("TPM" + WANG)
    counter.wait(lambda state: first(state).get("state") == "claimed")


def test_the_next_job_prints_the_claim_slip_of_the_sale_before(counter: Counter) -> None:
    counter.print(sale_text("HL1"))
    counter.wait(lambda state: state["waiting"])
    counter.print(sale_text("HL2"))
    lines = counter.wait_for_paper("积分认领凭条", "HL1")
    assert any("214" in line for line in lines)


def test_a_page_elsewhere_cannot_press_a_button_here(counter: Counter) -> None:
    state = counter.url("/api/state")
    assert requests.get(state, headers={"Host": "evil.example"}, timeout=5).status_code == 421
    do, body = counter.url("/api/do"), {"do": "forget"}
    assert requests.post(do, json=body, timeout=5).status_code == 403
    token = counter.do(do="forget").request.headers["X-Token"]
    foreign = {"X-Token": token, "Origin": "http://evil.example"}
    assert requests.post(do, json=body, headers=foreign, timeout=5).status_code == 403
    assert requests.post(do, data="{}", headers={"X-Token": token}, timeout=5).status_code == 415
    assert counter.do(do="no such thing").status_code == 400
    assert counter.do(do="forget").status_code == 200


def test_a_receipt_printed_with_a_pause_in_its_middle_is_one_receipt(counter: Counter) -> None:
    head, tail = sale_text("HL1").split("小计", 1)
    with counter.pos() as pos:
        pos.sendall(b"\x1b@" + head.encode("gb18030"))
        counter.wait_for_parts(1)
        pos.sendall(("小计" + tail).encode("gb18030") + b"\x1dV\x00")
        state = counter.wait(lambda state: state["recent"])
        assert (first(state)["number"], first(state)["amount"]) == ("HL1", "214.00")
        pos.sendall(sale_text("HL2").encode("gb18030") + b"\x1dV\x00")
        counter.wait(lambda state: first(state)["number"] == "HL2")
    with Reader(counter.folder / "state") as journal:
        assert journal.outbox().depth == 2


def test_a_receipt_given_up_in_its_middle_waits_for_nobody(counter: Counter) -> None:
    head = sale_text("HL1").split("小计", 1)[0]
    with counter.pos() as pos:
        pos.sendall(b"\x1b@" + head.encode("gb18030"))
        counter.wait_for_parts(1)
    counter.print(sale_text("HL2"))
    counter.wait(lambda state: any(row["number"] == "HL2" for row in state["recent"]))


def test_a_job_that_trips_our_own_code_goes_to_a_person_and_the_next_goes_on(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trip(raw: bytes, **_: object) -> list[Paper]:
        if b"POISON" in raw:
            raise RuntimeError("a bug of ours")
        return papers_of(raw)

    monkeypatch.setattr("edge_agent.papers.job_reading.papers_of", trip)
    counter.print("POISON\n")
    counter.print(sale_text("HL1"))
    state = counter.wait(lambda state: len(state["recent"]) == 2)
    assert [row["kind"] for row in state["recent"]] == ["sale", "review"]
    monkeypatch.setattr("edge_agent.till.shell.take_in", lambda *_, **__: 1 // 0)
    counter.print(sale_text("HL2"))
    state = counter.wait(lambda state: len(state["recent"]) == 3)
    assert first(state)["kind"] == "review"


def test_a_number_that_was_skipped_is_shown_and_stands_ready_for_central(counter: Counter) -> None:
    counter.print(sale_text("HL1"))
    counter.wait(lambda state: first(state).get("number") == "HL1")
    counter.print(sale_text("HL4"))
    state = counter.wait(lambda state: state["trail"])
    assert "2" in state["trail"]["en"]
    assert counter.agent is not None
    gaps = counter.agent._syncer.trail.gaps
    assert (gaps.skipped, gaps.drawers, gaps.lost) == (2, 0, 0)
