"""`tillpoints bench`: runs what lies in tillpoints/bench and shows it.

A benchmark is one module there: `run()` measures us and a peer (or the machine's limit) in the
same run and returns plain values; `describe(result)` says in words what they mean.
"""

import importlib
import json
import pkgutil

import click

import tillpoints.bench


def benchmarks() -> list[str]:
    """Name every benchmark, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(tillpoints.bench.__path__))


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object: name to figures.")
def command(name: str | None, as_json: bool) -> None:
    """Measure us beside a peer or the machine's limit, in the same run, as ratios.

    NAME picks one benchmark; without it all of them run.
    """
    known = benchmarks()
    if name is not None and name not in known:
        raise click.BadParameter(f"no benchmark {name!r}; there are: {', '.join(known)}")
    results = {}
    for each in [name] if name else known:
        module = importlib.import_module(f"tillpoints.bench.{each}")
        results[each] = module.run()
        if not as_json:
            click.echo(f"{each}\n{module.describe(results[each])}")
    if as_json:
        click.echo(json.dumps(results, ensure_ascii=False, indent=2))
