"""Which of the codes in a camera's view are news.

Pure: time comes with each look. A code is told once while it stays in view; bars, whose check digit
proves little, only after two looks have read them alike.
"""

from __future__ import annotations

from collections.abc import Iterable

from edge_agent.devices.codes.libraries import Code

#: A code that was not seen for so long and comes back is shown again on purpose.
GONE_S = 1.5


class Sightings:
    """What one camera has in view."""

    def __init__(self) -> None:
        self._seen_s: dict[Code, float] = {}
        self._told: set[Code] = set()

    def look(self, codes: Iterable[Code], at_s: float) -> list[str]:
        """Take the codes of one look; return the texts that are news."""
        for code in [code for code, seen_s in self._seen_s.items() if at_s - seen_s > GONE_S]:
            del self._seen_s[code]
            self._told.discard(code)
        news = []
        for code in codes:
            sure = code.corrects_itself or code in self._seen_s
            self._seen_s[code] = at_s
            if sure and code not in self._told:
                self._told.add(code)
                news.append(code.text)
        return news
