"""The rules of the game: codes, receipts, awards, events, chains, leases, vouchers.

Pure: nothing in here reads a clock, a disk, a network or a database, and nothing in here imports
another room of this house. Till and central run this same code, so their sums are the same.
"""
