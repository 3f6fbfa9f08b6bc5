"""Setting scanners up: over their serial line, or by a sheet of codes to scan."""
