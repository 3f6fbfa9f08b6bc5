"""How a figure of ours stands beside a peer's: medians of several rounds, a ratio, and its goal."""

import os
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, structs, to_builtins

ROUNDS = 5
#: Handed to the operating system: survives kill -9, not a power loss.
D1 = "D1"
#: Synced to the disk before the answer.
D2 = "D2"


class Row(Struct, frozen=True):
    """One measure. `ratio` is ours to theirs; without one `note` says why it was not measured."""

    measure: str
    beside: str
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    ours: float | None = None
    theirs: float | None = None
    ratio: float | None = None
    durability: str = ""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the ratio reaches its goal; None if it was not measured or has none."""
        if self.ratio is None or (self.at_least is None and self.at_most is None):
            return None
        enough = self.at_least is None or self.ratio >= self.at_least
        return enough and (self.at_most is None or self.ratio <= self.at_most)


def beside(row: Row, ours: Sequence[float], theirs: Sequence[float]) -> Row:
    """Return a row with the medians of both sides and their ratio."""
    mine, peers = statistics.median(ours), statistics.median(theirs)
    return structs.replace(row, ours=mine, theirs=peers, ratio=mine / peers)


def noted(row: Row, note: str) -> Row:
    """Return a row with a note."""
    return structs.replace(row, note=note)


def not_run(row: Row, why: str) -> Row:
    """Return a row that says why it was not measured."""
    return structs.replace(row, note=f"not run: {why}")


def turns(rounds: int, ways: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Run every way once in each round, so that a busy moment hits them all; return the figures."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            taken[name].append(way())
    return taken


def measured(parts: Sequence[Callable[[], Sequence[Row]]]) -> list[Row]:
    """Measure part after part; tell each row on stderr at once, since the whole takes long."""
    rows: list[Row] = []
    for part in parts:
        for row in part():
            rows.append(row)
            print("\n".join(_lines(row)), file=sys.stderr, flush=True)
    return rows


def result(rows: Sequence[Row], rounds: int) -> dict[str, object]:
    """Return rows and the state of the machine as plain values."""
    return {
        "rounds": rounds,
        "cores": os.cpu_count(),
        "load_average": [round(one, 2) for one in os.getloadavg()],
        "rows": [{**to_builtins(row), "met": row.met} for row in rows],
    }


def describe(result: Mapping[str, object]) -> str:
    """Say what the rows of a result mean."""
    lines = [
        f"medians of {result['rounds']} on {result['cores']} cores, load {result['load_average']}",
        "D1 survives kill -9; D2 is synced to the disk before the answer",
    ]
    rows = result["rows"]
    assert isinstance(rows, list)
    for fields in rows:
        row = Row(**{name: value for name, value in fields.items() if name != "met"})
        lines += ["", *_lines(row)]
    return "\n".join(lines)


def _lines(row: Row) -> list[str]:
    lines = [f"  {row.measure}{f' ({row.durability})' if row.durability else ''}"]
    lines.append(f"    beside {row.beside}")
    if row.ratio is not None:
        lines.append(
            f"    ours {_number(row.ours)}   theirs {_number(row.theirs)} {row.unit}"
            f"   ratio {row.ratio:.3g}{_goal(row)}"
        )
    if row.note:
        lines.append(f"    {row.note}")
    return lines


def _goal(row: Row) -> str:
    if row.met is None:
        return ""
    bounds = [("at least", row.at_least), ("at most", row.at_most)]
    goal = " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)
    return f"   goal {goal}: {'met' if row.met else 'MISSED'}"


def _number(value: float | None) -> str:
    assert value is not None
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
