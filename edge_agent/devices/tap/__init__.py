"""The tap: passes every byte between a POS and its printer, and keeps a sealed copy.

It is a process of its own and knows nothing of receipts, journal or sync: it may import only the
standard library, msgspec (configuration), cryptography (sealing) and the folders it shares with
the agent (`spool`, `slip_folder`, `heartbeat`), and the line to the service manager.
"""
