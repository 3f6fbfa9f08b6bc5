"""Bytes or text from a till's printer -> what the receipt says, or an honest "I don't know".

The doors are `receipts.reading.read_job` and `receipts.reading.read_text`;
`receipts.decoder.Decoder` gives the positioned lines and pictures behind them. Pure: nothing in
here reads a clock, a disk or a network. It must never guess an amount that the arithmetic on the
paper does not support.
"""
