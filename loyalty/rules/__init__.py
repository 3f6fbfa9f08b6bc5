"""The rules of the game: the rule book, and what it makes of receipts, members and time."""
