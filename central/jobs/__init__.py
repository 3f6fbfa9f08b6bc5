"""What central does by itself, once a day: expiry, tier review, campaigns that begin or end.

A job is a function of the parts and a day of the mall. It only writes through the ledger's turns,
finds by itself what is left to do, and so can be stopped, repeated and run for a day again.
"""
