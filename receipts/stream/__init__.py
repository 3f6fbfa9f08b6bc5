"""A printer's bytes as the paper would show them: lines at their places, pictures, codes, cuts.

Knows ESC/POS and its relatives and nothing of shops, goods or money.
"""
