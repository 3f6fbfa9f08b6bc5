"""The simulator: the production core driven by one thread, one heap of actions and one seed.

Tills, kiosk and central are the real ones, on real SQLite databases; what is simulated is time,
the network, the disk below SQLite, and people. See `world.py` first.
"""
