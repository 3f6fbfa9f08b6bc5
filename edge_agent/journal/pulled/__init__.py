"""What central told this device: members, rewards, rule books, seals. All can be had again."""
