import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests

COMMAND = [sys.executable, "-c", "from tillpoints.cli import main; main()"]


@contextmanager
def serving(mall):
    """Run `tillpoints central serve` as a process and give its process and address."""
    process = subprocess.Popen(
        [*COMMAND, "central", "serve", "--config", str(mall.config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    try:
        first = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+", first)
        assert address, first + process.stdout.read()
        yield process, address.group()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_answers_and_stops_cleanly(any_mall, number):
    with serving(any_mall) as (process, url):
        alive = requests.get(f"{url}/healthz", timeout=30)
        assert (alive.status_code, alive.json()) == (200, {"ok": True})
        assert requests.get(f"{url}/readyz", timeout=30).json() == {"ok": True, "why": []}
        process.send_signal(number)
        assert process.wait(timeout=60) == 0
        assert "Traceback" not in process.stdout.read()
    assert alive.headers["X-Content-Type-Options"] == "nosniff"


def test_the_agents_api_is_there(mall):
    with serving(mall) as (_, url):
        answer = requests.post(f"{url}/api/1/enrol", data=b"nonsense", timeout=30)
    assert answer.status_code == 400
    assert b"malformed" in answer.content


def test_the_status_page_speaks_both_languages_under_a_strict_policy(mall):
    with mall.server() as server:
        chinese, english = server.client.get("/"), server.client.get("/?lang=en")
        style = server.client.get("/static/central.css")
        style.close()
    assert 'lang="zh-CN"' in chinese.text
    assert "服务正常" in chinese.text
    assert 'lang="en"' in english.text
    assert "Ready for tills" in english.text
    assert style.status_code == 200
    for answer in (chinese, english, style):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    assert "<script" not in chinese.text
    assert "style=" not in chinese.text


def test_a_database_that_went_away_is_not_ready_but_alive(mall):
    with mall.server() as server:
        for name in ("central.db", "central.db-wal", "central.db-shm"):
            (mall.folder / name).unlink(missing_ok=True)
        (mall.folder / "central.db").mkdir()
        server.client.application.extensions["central"][1].engine.dispose()
        assert server.client.get("/healthz").status_code == 200
        answer = server.client.get("/readyz")
        page = server.client.get("/")
    assert (answer.status_code, answer.json["why"]) == (503, ["database"])
    assert "未就绪" in page.text


def test_a_request_that_is_too_large_is_refused_unread(mall):
    with mall.server() as server:
        answer = server.client.post("/api/1/enrol", data=b"x" * (3 * 1024 * 1024))
    assert answer.status_code == 413
