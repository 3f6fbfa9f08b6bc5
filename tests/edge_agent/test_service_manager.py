"""What systemd hears from the agent."""

import socket

import pytest

from edge_agent.service_manager import ServiceManager
from tests.edge_agent.counter import Counter
from tests.edge_agent.devices.conftest import wait_for


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path):
    place = str(tmp_path / "n") if request.param == "path" else f"@tillpoints-{tmp_path}"[:90]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(place.replace("@", "\0"))
        line.setblocking(False)
        yield line, {"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "30000000"}


def heard(line):
    said = []
    while True:
        try:
            said.append(line.recv(100))
        except BlockingIOError:
            return said


def test_it_is_told_that_the_agent_is_ready(manager):
    line, environ = manager
    ServiceManager(environ).ready()
    assert heard(line) == [b"READY=1"]


def test_it_is_told_of_a_turning_loop_twice_within_its_patience(manager):
    line, environ = manager
    service = ServiceManager(environ)
    for tenth in range(600):
        service.alive(tenth / 10)
    assert heard(line) == [b"WATCHDOG=1"] * 4


def test_without_a_watchdog_or_a_manager_nothing_is_said(manager, tmp_path):
    line, environ = manager
    ServiceManager({**environ, "WATCHDOG_USEC": ""}).alive(0)
    assert heard(line) == []
    ServiceManager({}).ready()
    ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "nobody"), "WATCHDOG_USEC": "2"}).alive(0)


def test_a_running_agent_is_ready_and_goes_on_turning(manager, tmp_path, monkeypatch):
    line, environ = manager
    counter = Counter(tmp_path)  # with a tap, which is a service of its own and tells its own
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    try:
        counter.start()
        wait_for(lambda: line.recv(100) == b"READY=1")
        line.setblocking(True)
        assert [line.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
    finally:
        counter.close()
