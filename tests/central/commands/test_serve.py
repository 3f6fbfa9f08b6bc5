import signal
import threading

import pytest
import requests
from sqlalchemy import select

from central import schema
from central.database import reading
from tests.central.programme import Device
from tests.central.serving.process import Http, serving


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


def test_a_second_server_on_one_sqlite_file_is_refused_and_commands_are_not(mall):
    with serving(mall) as (process, _):
        said = mall.run("central", "serve", code=1)
        assert "另一个总台程序" in said
        assert "another server is running on it" in said
        mall.run("central", "backup", str(mall.folder / "copy.backup"))
        mall.run("fleet", "status")
        process.kill()
        process.wait()
    with serving(mall) as (_, url):  # the lock went with the process
        assert requests.get(f"{url}/healthz", timeout=10).ok


def test_several_servers_may_share_a_postgresql_database(postgresql_mall):
    with serving(postgresql_mall) as (_, one), serving(postgresql_mall) as (_, other):
        assert requests.get(f"{one}/readyz", timeout=10).ok
        assert requests.get(f"{other}/readyz", timeout=10).ok


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


def test_a_server_whose_disk_is_full_is_not_ready(mall, monkeypatch):
    with mall.server() as server:
        monkeypatch.setattr("central.app._ROOM_MIN_BYTES", 1 << 60)
        answer = server.client.get("/readyz")
        pages = [server.client.get(f"/?lang={lang}").text for lang in ("zh", "en")]
    assert (answer.status_code, answer.json["why"]) == (503, ["disk_full"])
    assert ["磁盘已满" in pages[0], "the disk is full" in pages[1]] == [True, True]


def test_a_request_that_is_too_large_is_refused_unread(mall):
    with mall.server() as server:
        answer = server.client.post("/api/1/enrol", data=b"x" * (3 * 1024 * 1024))
    assert answer.status_code == 413


def test_commands_and_tills_can_write_at_the_same_time(any_mall):
    codes = [
        any_mall.json("fleet", "enrol", "--name", f"{shop}-1", "--role", "till", "--shop", shop)
        for shop in ("helu", "zhiye")
    ]
    with any_mall.parts() as parts, reading(parts.engine) as connection:
        book = connection.execute(select(schema.rule_book.c.version)).scalar_one()
    pushed = []

    def sell(url, code):
        till = Device(Http(url), code)
        for number in range(40):
            verdicts = till.push(till.sale(book=book, code=f"{code} {number}"))
            pushed.extend(verdict for verdict, *_ in verdicts)

    with serving(any_mall) as (_, url):
        tills = [threading.Thread(target=sell, args=(url, each["code"])) for each in codes]
        for each in tills:
            each.start()
        lines = [f",会员{n},{13_000_000_000 + n},," for n in range(200)]
        any_mall.bring_in("members", "\n".join(("number,name,phone,tier,aliases", *lines)))
        for _ in range(5):
            any_mall.json("fleet", "enrol", "--name", "x", "--role", "kiosk", "--shop", "desk")
        for each in tills:
            each.join(timeout=120)
    assert [int(verdict) for verdict in pushed] == [0] * 80
    said = any_mall.json("central", "ledger", "verify")
    assert said["ok"]
    assert said["totals"]["events"] == 280
