"""Who comes to the counters of a run, and what they do there."""
