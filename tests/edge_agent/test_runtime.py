"""Where the agent leaves its mark: a folder in memory, or nowhere, and then it says so."""

import tempfile
from pathlib import Path

import pytest

from edge_agent.config import load
from edge_agent.journal.file.mark_file import FILE
from tests.edge_agent.counter import Counter

MEMORY = "/dev/shm"  # noqa: S108 a folder of our own is made in it


@pytest.fixture
def runtime():
    with tempfile.TemporaryDirectory(prefix="tillpoints-test-", dir=MEMORY) as folder:
        yield Path(folder)


def named(folder, runtime):
    file = folder / "agent.toml"
    file.write_text(
        f'state = "s"\nruntime = "{runtime}"\n[central]\nurl = "http://x"\n'
        '[printer]\nkind = "network"\naddress = "127.0.0.1:9"\n'
    )
    return load(file)


def test_the_folder_is_the_one_that_is_named_else_what_the_service_manager_gives(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    assert named(tmp_path, "").runtime_path is None
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/tillpoints:/run/other")
    assert named(tmp_path, "").runtime_path == Path("/run/tillpoints")
    assert named(tmp_path, "memory").runtime_path == tmp_path / "memory"


def test_an_agent_that_is_started_again_is_the_same_session(tmp_path, monkeypatch, runtime):
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(runtime))
    counter = Counter(tmp_path)
    sessions = []
    try:
        for _ in range(2):
            counter.start()
            sessions.append(counter.agent._journal.session)
            counter.stop()
    finally:
        counter.close()
    assert len(set(sessions)) == 1
    assert (runtime / FILE).exists()


def test_an_agent_without_memory_works_and_says_what_that_costs(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "nowhere"))
    counter = Counter(tmp_path)
    try:
        counter.start()
        assert "after a restart nothing is lent" in caplog.text
    finally:
        counter.close()
