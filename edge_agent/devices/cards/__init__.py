"""Contactless cards on a PC/SC reader: the daemon, what a card's number is worth, the reader."""
