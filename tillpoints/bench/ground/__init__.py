"""What the benchmarks of sync and ledger stand on: invented days, a central, servers to compare."""
