"""A mall on each database in turn: central.toml, and the real commands run against it."""

import itertools
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text

from central.config import Database
from central.database import connect
from tests.central.mall import Mall

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def databases(postgresql_url):
    """The PostgreSQL server's own database, from which others are made and dropped."""
    server = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    yield server
    server.dispose()


@contextmanager
def database(server, template):
    """Make a database out of a template and drop it at the end; give its URL."""
    name = f"mall_{next(_numbers)}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield server.url.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="session")
def sqlite_mall(tmp_path_factory):
    """A mall on SQLite with the demo's rules, shops, rewards and tills, to be copied."""
    return Mall(tmp_path_factory.mktemp("mall")).set_up()


@pytest.fixture(scope="session")
def postgresql_mall(tmp_path_factory, databases):
    """The same on PostgreSQL."""
    with database(databases, "template0") as url:
        yield Mall(tmp_path_factory.mktemp("mall"), url).set_up()


@pytest.fixture
def new_mall(tmp_path):
    """A mall on SQLite that was not initialised yet."""
    return Mall(tmp_path)


@pytest.fixture
def mall(sqlite_mall, tmp_path):
    """A mall on SQLite with the demo's rules, shops, rewards and tills."""
    return sqlite_mall.copied(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def any_mall(request, tmp_path):
    """The same on each database in turn."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_mall").copied(tmp_path)
        return
    template = request.getfixturevalue("postgresql_mall")
    name = make_url(template.url).database
    with database(request.getfixturevalue("databases"), name) as url:
        yield template.copied(tmp_path, url)


@pytest.fixture(params=["sqlite", "postgresql"])
def two_empty_databases(request, tmp_path):
    """Engines of two databases of one kind in which nothing is."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            urls = [f"sqlite:///{tmp_path}/{name}.db" for name in "ab"]
        else:
            server = request.getfixturevalue("databases")
            urls = [stack.enter_context(database(server, "template0")) for _ in "ab"]
        engines = [connect(Database(url)) for url in urls]
        yield engines
        for engine in engines:
            engine.dispose()
