"""An agent that has no rule book, or no more: what goes on all the same."""

import threading

from edge_agent.agent import Agent
from edge_agent.config import load
from edge_agent.journal.journal import Journal
from edge_agent.journal.spending.coupons import KeptCoupon
from edge_agent.till import coupons
from loyalty.coupons import Coupon
from loyalty.events import CouponChecked, body_of
from tests.edge_agent.devices.conftest import wait_for
from tests.edge_agent.journal.conftest import at, enrolment


def outcomes(folder):
    with Journal.open(folder) as journal:
        bodies = [body_of(link.frame) for link in journal.links()]
        return [body.outcome for body in bodies if isinstance(body, CouponChecked)]


def test_a_coupon_whose_bill_never_comes_is_let_go_of(tmp_path, monkeypatch):
    monkeypatch.setattr(coupons, "RECEIPT_S", 0.0)
    with Journal.open(tmp_path / "state") as journal:
        journal.enrol(enrolment(), "http://127.0.0.1:9")
        journal.keep_coupon(KeptCoupon("V-1", "r", Coupon(1), "2026-12-31", "u1", at()))
    config = tmp_path / "agent.toml"
    config.write_text(
        'state = "state"\n[central]\nurl = "http://127.0.0.1:9"\n[web]\nlisten = "127.0.0.1:0"\n'
        '[printer]\nkind = "network"\naddress = "127.0.0.1:9"\n'
    )
    agent = Agent(load(config))
    thread = threading.Thread(target=agent.run, name="agent")
    try:
        agent.start()
        thread.start()
        wait_for(lambda: agent._journal.coupon_awaiting() is None)
    finally:
        agent.stop()
        thread.join()
        agent.close()
    assert outcomes(tmp_path / "state") == ["released"]
