"""Redeeming where a member stands: one flow for kiosk and till; its rules are in `flow`."""
