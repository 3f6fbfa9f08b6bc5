import pytest
from sqlalchemy import BigInteger, LargeBinary, SmallInteger, Text, UniqueConstraint

from central.schema import metadata

TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_key_starts_with_the_shard_and_crosses_none(table):
    unique = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    for key in (table.primary_key, *unique, *table.indexes):
        assert next(iter(key.columns)).name == "shard_key", key
    assert not table.foreign_keys


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_there_are_four_types_and_no_value_comes_from_the_database(table):
    for column in table.columns:
        assert type(column.type) in (BigInteger, SmallInteger, LargeBinary, Text)
        assert column.server_default is None
        assert column.default is None
        assert column.identity is None
    assert table.autoincrement_column is None
