"""The mall's shops: their names and the category that picks their rate."""
