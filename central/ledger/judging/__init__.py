"""What every event means for the ledger. Pure: no clock, no database, no chance."""
