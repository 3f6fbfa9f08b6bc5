"""Columns on a foreign POS's paper."""

from paper.width import centre, columns, left, right


def pair(label: str, value: str, width: int) -> str:
    """Return a label at the left and a value at the right edge."""
    return left(label, width - columns(value) - 1) + right(value, columns(value) + 1)


def cells(texts: tuple[str, ...], widths: tuple[int, ...]) -> str:
    """Return a row of a table: its first cell to the left, all others to the right."""
    row = left(texts[0], widths[0])
    return row + "".join(right(text, w) for text, w in zip(texts[1:], widths[1:], strict=True))


def middle(text: str, width: int) -> str:
    """Return a centred line without blanks at its end."""
    return centre(text, width).rstrip()
