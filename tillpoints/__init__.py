"""The `tillpoints` command, the demo and the benchmarks; alone may import both sides."""
