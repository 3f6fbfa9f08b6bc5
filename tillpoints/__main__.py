"""`python -m tillpoints`: the same command, where no script is on the PATH."""

from tillpoints.cli import main

main(prog_name="tillpoints")
