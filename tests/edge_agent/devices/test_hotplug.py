"""News of devices, where udev tells none or fails."""

import sys
import threading
from types import SimpleNamespace

import pytest

from edge_agent.devices import hotplug
from edge_agent.devices.hotplug import HotPlug

WAIT_S = 20


@pytest.fixture
def broken_udev(monkeypatch):
    """A netlink socket that answers everything with an error."""

    def poll(timeout):
        raise OSError("no buffer space available")

    def silent(*_):
        return None

    monitor = SimpleNamespace(filter_by=silent, start=silent, poll=poll)
    pyudev = SimpleNamespace(
        Context=SimpleNamespace, Monitor=SimpleNamespace(from_netlink=lambda *_, **__: monitor)
    )
    monkeypatch.setitem(sys.modules, "pyudev", pyudev)


def test_an_error_that_stays_makes_nobody_look_without_end(broken_udev, monkeypatch):
    monkeypatch.setattr(hotplug, "_LOOK_EVERY_S", 3600.0)
    looked = threading.Semaphore(0)
    news = HotPlug(looked.release)
    news.start()
    assert looked.acquire(timeout=WAIT_S)
    assert not looked.acquire(timeout=0.05)
    news.stop()  # and it is not waited for


def test_without_udev_there_is_just_no_news(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyudev", None)
    news = HotPlug(lambda: pytest.fail("nobody came"))
    news.start()
    news.stop()
