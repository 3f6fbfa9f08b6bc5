"""Codes in pictures: where they may be, what makes them readable, and what they say."""
