"""The mall's server: ledger, members, shops, rewards, devices and the desk.

Imports `loyalty`, `receipts` and `paper`; never `edge_agent`. `app.py` is the one place where its
parts are put together.
"""
