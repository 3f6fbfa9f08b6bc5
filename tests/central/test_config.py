from importlib.resources import files

import pytest

from central.config import Config, ConfigError, Database, load, split_address
from loyalty.settings import keys

SAMPLE = files("firmware_configs").joinpath("central.toml").read_text(encoding="utf-8")


def written(tmp_path, text):
    path = tmp_path / "central.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problem_of(tmp_path, text):
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as refusal:
        load(path)
    message = str(refusal.value)
    assert message.startswith(f"{path}: ")
    return message


def uncommented(sample):
    """The sample with every key switched on; sentences are told from keys by their form."""
    lines = []
    for line in sample.splitlines():
        bare = line.removeprefix("# ")
        is_key = bare.split(" = ")[0].isidentifier() and " = " in bare
        lines.append(bare if is_key and not bare.startswith('url = "postgresql') else line)
    return "\n".join(lines)


def test_the_sample_loads_as_it_is_and_means_the_defaults(tmp_path):
    config = load(written(tmp_path, SAMPLE))
    plain = load(written(tmp_path, f'programme = "{config.programme}"'))
    assert config == plain


def test_the_sample_names_every_key_with_its_default(tmp_path):
    text = uncommented(SAMPLE)
    assert load(written(tmp_path, text)) == load(written(tmp_path, SAMPLE))
    named = []
    table = ""
    for line in text.splitlines():
        if line.startswith("["):
            table = line.strip("[]") + "."
        elif not line.startswith("#") and " = " in line:
            named.append(table + line.split(" = ")[0])
    assert sorted(named) == sorted(keys(Config))


def test_relative_paths_are_beside_the_file(tmp_path):
    config = load(written(tmp_path, 'programme = "p"\n[database]\nurl = "sqlite:///x/central.db"'))
    assert config.keys_file == str(tmp_path / "central.keys")
    assert config.database.parsed.database == str(tmp_path / "x" / "central.db")


def test_an_absolute_database_stays_where_it_is(tmp_path):
    config = load(written(tmp_path, 'programme = "p"\n[database]\nurl = "sqlite:////var/x.db"'))
    assert config.database.parsed.database == "/var/x.db"


def test_a_postgresql_url_is_kept_whole():
    assert not Database("postgresql://u:secret@/db?host=/run").is_sqlite


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('programme = "p"\nprogram = "q"', "did you mean 'programme'?"),
        ('programme = "p"\n[server]\nlistens = "x"', "server.listens: there is no such key"),
        ('programme = "p"\n[server]\nlistens = "x"', "did you mean 'listen'?"),
        ("", "programme"),
        ('programme = " "', "programme: the programme needs a name"),
        ('programme = "p"\nzone = "Asia/Beijing"', "zone: 'Asia/Beijing' is no time zone"),
        ('programme = "p"\nzone = "../etc/passwd"', "zone"),
        ('programme = "p"\nshard_key = 0', "shard_key"),
        ('programme = "p"\n[database]\nurl = "mysql://x/y"', "neither sqlite nor postgresql"),
        ('programme = "p"\n[database]\nurl = "nonsense"', "database.url"),
        ('programme = "p"\n[database]\nurl = "sqlite://"', "in memory would be lost"),
        ('programme = "p"\n[server]\nworkers = 2', "server.workers: SQLite has one writing"),
        ('programme = "p"\n[server]\nlisten = "8600"', "server.listen: '8600' is not HOST:PORT"),
        ('programme = "p"\n[server]\nthreads = 0', "server.threads"),
        ('programme = "p"\n[desk_printer]\ncolumns = 50', "desk_printer.columns"),
        ('programme = "p"\n[desk_printer]\naddress = "x"', "desk_printer.address"),
        ("programme = \n", "line 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_file_and_key(tmp_path, text, says):
    assert says in problem_of(tmp_path, text)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("address", "parts"),
    [("127.0.0.1:9100", ("127.0.0.1", 9100)), ("[::1]:80", ("::1", 80)), ("mall:0", ("mall", 0))],
)
def test_an_address_is_host_and_port(address, parts):
    assert split_address(address) == parts


@pytest.mark.parametrize("address", ["", "host", "host:", ":80", "host:x", "host:70000"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="is not HOST:PORT"):
        split_address(address)
