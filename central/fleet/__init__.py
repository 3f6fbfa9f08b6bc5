"""The mall's tills and kiosks: who they are, how they are enrolled, how they do."""
