"""The touch screens, as package data: pages, styles and modules that the agent serves."""
