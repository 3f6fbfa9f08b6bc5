"""The journal's papers: receipts read back, those in review, those refused, and our own slips."""
