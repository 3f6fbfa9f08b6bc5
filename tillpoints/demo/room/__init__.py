"""The control room: one page with every screen, every printer's paper, and the ledger.

Served on loopback to the person at this machine. It owns nothing of the product; it looks at the
demo's world from outside and does what people and accidents do to it.
"""
