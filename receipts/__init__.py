"""Bytes or text from a till's printer -> what the receipt says, or an honest "I don't know".

The doors are `receipts.reading.read_job` and `receipts.reading.read_text`. A paper goes through
the folders in this order, and none imports from a later one: `stream` (bytes to lines and
pictures), `text` (words, amounts, dates, rows), `sums` (the amount that the arithmetic supports),
`facts` (kind, shop, numbers, time), then a decision; `pictures` brings a picture to lines first.
Pure: nothing in here reads a clock, a disk or a network. It must never guess an amount that the
arithmetic on the paper does not support.
"""
