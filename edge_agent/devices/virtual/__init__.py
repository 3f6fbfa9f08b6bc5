"""Virtual devices: documented stand-ins with fault switches, for demos, tests and training."""
