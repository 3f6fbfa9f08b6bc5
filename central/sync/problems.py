"""Why a call of an agent is refused: a status, a stable code and a sentence for store IT."""

from loyalty.wire import Problem

_COUNT_MAX = 1 << 62


class Refused(Exception):
    """A call that is answered by a Problem instead of what it asked for."""

    def __init__(
        self, status: int, code: str, detail: str, retry_after_s: int = 0, server_ms: int = 0
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.problem = Problem(code, detail, server_ms)
        self.retry_after_s = retry_after_s


def malformed(detail: str) -> Refused:
    """Return the refusal of a call that does not say what its path wants."""
    return Refused(400, "malformed", detail)


def plain(name: str, text: str, length_max: int = 64) -> str:
    """Return `text` if it is a short name of printable ASCII. Raises Refused otherwise.

    What devices name (requests, rewards, sessions) ends up in keys and in statements.
    """
    if not 1 <= len(text) <= length_max or not text.isascii() or not text.isprintable():
        raise malformed(f"{name} is not 1 to {length_max} printable ASCII characters")
    return text


def counted(name: str, value: int, least: int = 0) -> int:
    """Return `value` if a column can hold it and it is not below `least`. Raises Refused."""
    if not least <= value < _COUNT_MAX:
        raise malformed(f"{name} is {value}, which nothing here counts up to")
    return value
