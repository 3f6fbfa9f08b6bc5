"""The whole story on one machine: real processes, virtual devices, an invented mall."""
