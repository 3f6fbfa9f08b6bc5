"""`tillpoints bench`: runs what lies in tillpoints/bench and shows it.

A benchmark is one module there: `run()` measures us and a peer (or the machine's limit) in the
same run and returns plain values; `describe(result)` says in words what they mean.
"""

import importlib
import json
import pkgutil
from pathlib import Path

import click

import tillpoints.bench


def benchmarks() -> list[str]:
    """Name every benchmark, in alphabetical order."""
    modules = pkgutil.iter_modules(tillpoints.bench.__path__)
    return sorted(module.name for module in modules if not module.ispkg)


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object: name to figures.")
@click.option(
    "--events",
    type=click.IntRange(min=100_000),
    help="ledger only: what one more event costs in a ledger of so many.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --events: the folder of that ledger. It is built once and can be gone on with.",
)
def command(name: str | None, as_json: bool, events: int | None, keep: Path | None) -> None:
    """Measure us beside a peer or the machine's limit, in the same run, as ratios.

    NAME picks one benchmark; without it all of them run.
    """
    known = benchmarks()
    if (events is None) != (keep is None) or (events is not None and name != "ledger"):
        raise click.UsageError("--events and --keep go together, and with the benchmark ledger")
    if name is not None and name not in known:
        raise click.BadParameter(f"no benchmark {name!r}; there are: {', '.join(known)}")
    results = {}
    for each in [name] if name else known:
        module = importlib.import_module(f"tillpoints.bench.{each}")
        results[each] = module.run() if events is None else module.run_large(events, keep)
        if not as_json:
            click.echo(f"{each}\n{module.describe(results[each])}")
    if as_json:
        click.echo(json.dumps(results, ensure_ascii=False, indent=2))
