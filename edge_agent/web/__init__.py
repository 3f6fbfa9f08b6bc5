"""The local HTTP API and event stream behind the screens, on this machine only."""
