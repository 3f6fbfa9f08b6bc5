"""What holds for every test: no network but this machine, no chance, and in CI no skips."""

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

# Examples are the same in every run, and a slow machine is no failure.
settings.register_profile("same-every-run", derandomize=True, deadline=None, database=None)
settings.load_profile("same-every-run")

CHROMIUM = Path("/usr/bin/chromium")
CI = os.environ.get("CI") == "true"


def stay_on_this_machine(event: str, args: tuple[object, ...]) -> None:
    """Refuse connections to other machines; Unix sockets and loopback pass."""
    if event != "socket.connect" or not isinstance(args[1], tuple):
        return
    host = str(args[1][0])
    if not (host.startswith("127.") or host in {"::1", "localhost"}):
        raise RuntimeError(f"a test tried to connect to {host}; tests stay on this machine")


sys.addaudithook(stay_on_this_machine)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM.exists():
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="needs the Debian package chromium"))


def fail_instead(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure: in CI everything that a test wants is installed."""
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if CI:
        fail_instead(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if CI:
        fail_instead(report)
    return report
