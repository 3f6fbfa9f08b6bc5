import pytest
from sqlalchemy import delete, update

from central import schema
from central.database import scratch, writing
from central.ledger.differences import Difference, differences, merged

NAMES = ["", "B", "Z z", "a", "a-b", "ab", "é", "中", "😀"]


def test_two_sides_are_merged_by_their_keys():
    left, right = [(1, "a"), (2, "b"), (4, "d")], [(2, "b"), (3, "c"), (4, "x"), (5, "e")]
    assert list(merged(iter(left), iter(right), 1)) == [
        ((1, "a"), None),
        ((2, "b"), (2, "b")),
        (None, (3, "c")),
        ((4, "d"), (4, "x")),
        (None, (5, "e")),
    ]


@pytest.mark.parametrize("changed", [0, len(NAMES) - 1, None])
def test_rows_are_compared_in_one_order_whatever_the_database(programme, changed):
    t = schema.member_tier
    rows = [{"shard_key": programme.shard_key, "member": one, "tier_id": "x"} for one in NAMES]
    with writing(programme.engine) as connection, scratch() as made:
        t.create(made)
        for one in (connection, made):
            one.execute(t.insert(), rows)
        mine = t.c.shard_key == programme.shard_key
        if changed is None:
            connection.execute(delete(t).where(mine, t.c.member == "é"))
        else:
            connection.execute(
                update(t).where(mine, t.c.member == NAMES[changed]).values(tier_id="")
            )
        found = list(differences(connection, made, programme.shard_key, t))
    name = "é" if changed is None else NAMES[changed]
    live = None if changed is None else {"member": name, "tier_id": ""}
    assert found == [Difference((name,), live, {"member": name, "tier_id": "x"})]
