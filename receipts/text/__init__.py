"""Words and forms on paper: vocabulary, amounts, dates, and lines of text as labelled rows.

Says what may stand on a line; never which line counts.
"""
