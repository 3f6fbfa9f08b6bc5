"""`tillpoints simulate`: break the ledger if you can, by seeds that anybody can run again."""

import json

import click
import msgspec

from tillpoints.exits import Failure


@click.command()
@click.option("--seed", type=int, default=1, show_default=True, help="The first seed.")
@click.option("--runs", type=click.IntRange(min=1), default=1, show_default=True, help="How many.")
@click.option("--days", type=float, default=1.0, show_default=True, help="Virtual days in a run.")
@click.option("--stations", type=int, default=0, help="Tills and kiosk; 0: 3 to 8, by the seed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per seed.")
def command(seed: int, runs: int, days: float, stations: int, as_json: bool) -> None:
    """Run the production core under simulated faults; exit 1 if an invariant breaks.

    Tills, kiosk and central are the real ones on real SQLite files; time, network, disks and
    people come from the seed. The same seed gives the same trace hash.
    """
    from tillpoints.simulation.checks import NOT_CHECKED
    from tillpoints.simulation.mall import Size
    from tillpoints.simulation.run import reduced, run

    size = Size(stations=stations, days=days)
    till_days = seconds = 0.0
    for one in range(seed, seed + runs):
        result = run(one, size)
        till_days, seconds = till_days + result.till_days, seconds + result.seconds
        if as_json:
            click.echo(json.dumps(msgspec.to_builtins(result), ensure_ascii=False))
        else:
            click.echo(
                f"{one}  {result.trace_hash}  {result.events} events,"
                f" {len(result.met)} faults, {result.seconds:.1f} s"
            )
        if result.failure is not None:
            if not as_json:
                click.echo("\n".join(result.last))
            fewer = reduced(result, size)
            click.echo(f"faults that suffice: {', '.join(fewer) or 'none'}", err=as_json)
            raise Failure(f"seed {one}, trace {result.trace_hash}: {result.failure}")
    if not as_json:
        click.echo(
            f"{runs} seeds, {till_days:.0f} till-days in {seconds:.0f} s:"
            f" {runs / seconds * 60:.0f} seeds/min, {till_days / seconds:.2f} till-days/s"
        )
        for what, why in NOT_CHECKED.items():
            click.echo(f"not checked: {what}: {why}")
