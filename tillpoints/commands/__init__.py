"""One file per subcommand; each exposes its click command as `command`."""
