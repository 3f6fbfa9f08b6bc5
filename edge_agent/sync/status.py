"""What a screen may say about the connection to central."""

from msgspec import Struct

from edge_agent.sync.calls import Offline, Refused
from edge_agent.sync.push import EXPLAINED


class Problem(Struct, frozen=True):
    """Something is in the way: a stable code and a sentence for store IT."""

    code: str
    detail: str


class Status(Struct, frozen=True):
    """How sync stands. `online` is None until the first attempt has ended.

    `synced_ms` is this device's wall clock at the last success. `refused` is set while central
    takes no more of this chain (fork, stale, rollback): nothing is lost, but a person must act.
    """

    online: bool | None = None
    synced_ms: int | None = None
    queue: int = 0
    problem: Problem | None = None
    refused: str | None = None


def problem_of(trouble: Offline | Refused) -> Problem:
    """Return what store IT is told about a call that did not work."""
    if isinstance(trouble, Offline):
        return Problem(trouble.why, trouble.detail)
    return Problem(trouble.code, f"HTTP {trouble.status}: {trouble.detail}")


def problem_of_chain(why: str) -> Problem:
    """Return what store IT is told about a chain that central takes no more of."""
    return Problem(f"chain_{why}", EXPLAINED.get(why, why))
