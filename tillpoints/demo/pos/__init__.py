"""Foreign POS systems of a mall that does not exist: what they sell, print and send.

Two vendors with nothing in common: a 58 mm restaurant checkout and an 80 mm fashion till. They know
nothing of loyalty points, and nothing in here uses our own reading of receipts.
"""
