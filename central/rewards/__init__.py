"""The catalogue: what points can be spent on."""
