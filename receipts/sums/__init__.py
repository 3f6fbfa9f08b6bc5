"""Arithmetic of one paper: goods, taxes, roundings, tenders, and the amount they support."""
