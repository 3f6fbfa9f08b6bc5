"""The member's own page: balance, history, rewards, and the code that shows who they are."""
