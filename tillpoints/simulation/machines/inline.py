"""The thread of central's combiner as calls: it changes only who runs a turn, and when."""

from collections.abc import Callable

from central.ledger.writing.items import Item, Push, Wake
from central.sync.combiner import Combiner, RunTurn, settle


class InlineCombiner(Combiner):
    """Gathers what comes while `let_come` lets time pass, then runs one turn for all of it."""

    def __init__(self, run_turn: RunTurn, let_come: Callable[[], None]) -> None:
        self._run_turn = run_turn
        self._let_come = let_come
        self._batch: list[Item] = []
        self._answers: dict[int, object] = {}

    def submit(self, item: Item) -> object:
        """Return an item's answer once its turn is committed."""
        if isinstance(item, Push) and any(
            isinstance(other, Push) and other.device_id == item.device_id for other in self._batch
        ):
            return _raised(settle(self._run_turn, [item])[0])  # one push of a device to a turn
        self._batch.append(item)
        self._let_come()
        if id(item) not in self._answers:
            batch, self._batch = self._batch, []
            answers = settle(self._run_turn, batch)
            for one, answer in zip(batch, answers, strict=True):
                self._answers[id(one)] = answer
        return _raised(self._answers.pop(id(item)))

    def go_on(self, left: Wake) -> None:
        """Go on at once with what a turn left."""
        settle(self._run_turn, [left])

    def close(self) -> None:
        """Nothing is left to do: no thread ever ran."""


def _raised(answer: object) -> object:
    if isinstance(answer, BaseException):
        raise answer
    return answer
