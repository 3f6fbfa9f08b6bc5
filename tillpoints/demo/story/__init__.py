"""The story that the product exists for, told through its outside and checked on the way.

Scans go through a scanner's line, receipts through a POS's printer, touches through the screens,
the rest through commands; what points must come out is computed here, not with our own rules.
"""
