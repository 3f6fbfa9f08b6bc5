"""The simulator: the production core driven by one thread, one heap of actions and one seed.

Tills, kiosk and central are the real ones, on real SQLite databases; what is simulated is time,
the network, the disk below SQLite, and people. See `world.py` first, then `mall.py`; `machines`
are what runs, `programme` what the mall offers, `people` who comes, `invariants` what must hold,
and `plants` the bugs that show the invariants to be awake.
"""
