import multiprocessing
import stat
import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from central import database
from central.config import Database
from central.database import WriterBusy, connect, reading, scratch, writing


@pytest.fixture
def engine(tmp_path):
    engine = connect(Database(f"sqlite:///{tmp_path}/central.db"))
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE number (value INTEGER)"))
        connection.execute(text("INSERT INTO number VALUES (0)"))
    yield engine
    engine.dispose()


def value(connection):
    return connection.execute(text("SELECT value FROM number")).scalar_one()


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10_000)],
)
def test_every_connection_is_durable_and_strict(engine, pragma, expected):
    for opened in (writing, reading):
        with opened(engine) as connection:
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar_one() == expected


def test_what_fails_half_way_changes_nothing(engine):
    def half():
        with writing(engine) as connection:
            connection.execute(text("UPDATE number SET value = 5"))
            connection.execute(text("UPDATE nothing SET value = 5"))

    with pytest.raises(OperationalError, match="nothing"):
        half()
    with reading(engine) as connection:
        assert value(connection) == 0


def test_reading_can_change_nothing_and_writing_can_again(engine):
    with reading(engine) as connection, pytest.raises(OperationalError, match="readonly"):
        connection.execute(text("UPDATE number SET value = 5"))
    with writing(engine) as connection:
        connection.execute(text("UPDATE number SET value = 6"))


def test_reading_sees_one_moment_whatever_is_written_meanwhile(engine):
    with reading(engine) as before:
        assert value(before) == 0
        with writing(engine) as connection:
            connection.execute(text("UPDATE number SET value = 1"))
        assert value(before) == 0
    with reading(engine) as after:
        assert value(after) == 1


def count_up(path, times):
    engine = connect(Database(f"sqlite:///{path}/central.db"))
    for _ in range(times):
        with writing(engine) as connection:
            connection.execute(text("UPDATE number SET value = :v"), {"v": value(connection) + 1})
    engine.dispose()


def test_threads_and_processes_that_write_at_once_lose_nothing(engine, tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=count_up, args=(tmp_path, 40)) for _ in range(2)]
    threads = [threading.Thread(target=count_up, args=(tmp_path, 40)) for _ in range(2)]
    for each in (*processes, *threads):
        each.start()
    for each in (*processes, *threads):
        each.join(timeout=120)
    assert [process.exitcode for process in processes] == [0, 0]
    with reading(engine) as connection:
        assert value(connection) == 160


def test_a_writer_that_does_not_end_is_told_of_instead_of_waited_for(engine, monkeypatch):
    monkeypatch.setattr(database, "_WRITER_WAIT_S", 0.01)
    with writing(engine), pytest.raises(WriterBusy, match="keeps writing"), writing(engine):
        pass
    with writing(engine):
        pass


@pytest.mark.parametrize(("server", "ours"), [("off", "on"), ("remote_apply", "remote_apply")])
def test_postgresql_waits_for_the_disk_whatever_its_server_would_do(postgresql_url, server, ours):
    separator = "&" if "?" in postgresql_url else "?"
    options = f"{separator}options=-csynchronous_commit%3D{server}"
    engine = connect(Database(postgresql_url + options))
    with writing(engine) as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == ours
    engine.dispose()


def test_who_writes_next_gets_the_connection_that_wrote_last(engine):
    """Its pages are still those of the file; another one's would all be read again."""
    with writing(engine) as connection:
        wrote = connection.connection.dbapi_connection
        with reading(engine) as other:
            assert other.connection.dbapi_connection is not wrote
    for _ in range(2):
        with writing(engine) as connection:
            assert connection.connection.dbapi_connection is wrote


def test_a_scratch_database_is_a_file_without_a_name_that_only_we_can_read():
    """So nothing is left of it when we are killed."""
    with scratch() as connection:
        connection.execute(text("PRAGMA cache_size = 10"))
        connection.execute(text("CREATE TABLE page (content BLOB)"))
        for _ in range(100):
            connection.execute(text("INSERT INTO page VALUES (zeroblob(4000))"))
        opened = [one for one in Path("/proc/self/fd").iterdir() if one.exists()]
        files = [one.stat() for one in opened if "etilqs_" in str(one.readlink())]
    assert [(one.st_nlink, stat.S_IMODE(one.st_mode)) for one in files] == [(0, 0o600)]
    assert files[0].st_size > 100 * 4000 / 2


def test_each_scratch_database_begins_empty():
    for _ in range(2):
        with scratch() as connection:
            connection.execute(text("CREATE TABLE page (content BLOB)"))
