"""An agent of the version before this one, as far as central can tell: it says less (I18).

What a version adds to the wire goes into `_as_before`, and leaves it when that version is no longer
supported.
"""

from typing import TypeVar

from msgspec import Struct, structs

from edge_agent.sync.calls import Caller, Offline, Refused
from loyalty.wire import LeaseRequest, PullRequest, PushRequest

AnswerT = TypeVar("AnswerT", bound=Struct)


class OlderCaller(Caller):
    """Calls central as an older agent does: which run asks, or which boots there were, is missing.

    It knows of no member file either, and so it is sent every row.
    """

    def call(
        self, path: str, message: Struct, answer: type[AnswerT]
    ) -> tuple[AnswerT, float] | Offline | Refused:
        """Send a message without what is new in it."""
        return super().call(path, _as_before(message), answer)

    def _dated_nonce(self) -> str:
        return self._nonce()


def _as_before(message: Struct) -> Struct:
    match message:
        case LeaseRequest():
            return structs.replace(message, session="")
        case PushRequest():
            return structs.replace(message, boots=(), last_written=-1)
        case PullRequest():
            return structs.replace(message, held=None)
    return message
