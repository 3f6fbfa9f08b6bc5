"""The agent on each till and kiosk, and the devices around it.

Importing this package does nothing: the tap starts from here too, and must start fast.
"""
