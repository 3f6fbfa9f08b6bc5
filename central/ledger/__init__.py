"""The master ledger: a serial state machine per shard, folded out of the events of every chain."""
