"""A till whose scanner is a keyboard: suggested, pasted, scanned, and points on paper."""

from pathlib import Path

import pytest

from edge_agent.devices.inventory import inventory
from edge_agent.devices.profiles import printers, scanners
from edge_agent.devices.suggesting import suggest
from edge_agent.devices.virtual.keyboard_scanner import VirtualKeyboardScanner, as_kernel_events
from tests.edge_agent.counter import WANG, Counter, sale_text
from tests.lab.mocked.mock_kernel import MockKeyboard

PAYMENT_CODE = "134567890123456789"


@pytest.fixture
def keyboard(kernel):
    keyboard = MockKeyboard(kernel, is_fast=False)
    keyboard.plug()
    return keyboard


@pytest.fixture
def counter(tmp_path, keyboard):
    counter = Counter(tmp_path)
    pasted = suggest(inventory(), scanners(), printers())
    assert "profile newland-fm430" in pasted
    text = counter.config.read_text(encoding="utf-8")
    counter.config.write_text(f"{text}\n{pasted}\n", encoding="utf-8")
    try:
        counter.start()
        yield counter
    finally:
        counter.close()


def scan(keyboard, text):
    keyboard.send(as_kernel_events(VirtualKeyboardScanner().scan(text)))


def test_a_card_typed_by_a_scanner_earns_its_points(counter, keyboard):
    scan(keyboard, "TPM" + WANG)
    counter.wait(lambda state: state["member"])
    counter.print(sale_text("HL1"))
    counter.wait_for_paper("+214", "王**")


def test_the_screen_knows_that_the_scanner_was_pulled_and_is_back(counter, keyboard):
    keyboard.unplug()
    counter.wait(lambda state: state["scanner"] == "no")
    keyboard.plug()
    counter.wait(lambda state: state["scanner"] == "yes")
    scan(keyboard, "TPM" + WANG)
    counter.wait(lambda state: state["member"])


def test_a_payment_code_typed_by_a_scanner_stays_nowhere(counter, keyboard, caplog):
    caplog.set_level("DEBUG")
    scan(keyboard, PAYMENT_CODE)
    state = counter.wait(lambda state: state["notice"])
    assert state["notice"]["phrase"]["code"] == "scan_payment_code"
    counter.stop()
    assert PAYMENT_CODE not in caplog.text
    for path in Path(counter.folder).rglob("*"):
        if path.is_file():
            assert PAYMENT_CODE.encode() not in path.read_bytes()
