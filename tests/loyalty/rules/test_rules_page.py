"""The book on the page about rules is one that can be imported."""

import re
from pathlib import Path

from loyalty.rules.rulebook import from_toml

PAGE = Path(__file__).parent.parent.parent.parent / "docs" / "rules.md"


def test_the_book_on_the_page_has_no_mistakes() -> None:
    (text,) = re.findall(r"(?ms)^```toml\n(.*?)^```", PAGE.read_text(encoding="utf-8"))
    book = from_toml(text)
    assert (len(book.campaigns), len(book.tiers), book.grammar) == (2, 2, 5)
