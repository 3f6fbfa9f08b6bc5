"""One file per benchmark: `run()` measures, `describe(result)` says what it means."""
