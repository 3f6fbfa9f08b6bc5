"""The values that the ledger keeps of activities: what each member did, and the codes made."""

from msgspec import Struct

from loyalty.activity_codes import ActivityCode


class Doing(Struct, frozen=True, gc=False):
    """What one member has done of one activity, and what their purchases count for it.

    `day` is the last day they did it, an ISO date or empty. `result` is a contest's best score and
    `result_ms` when it was reached. Points were given `rounds` times for purchases; `points` are
    all that they got, and `referrer` is who brought them.
    """

    times: int = 0
    day: str = ""
    result: int = 0
    result_ms: int = 0
    stamps: int = 0
    spent_fen: int = 0
    rounds: int = 0
    points: int = 0
    referrer: str = ""


class Batch(Struct, frozen=True, gc=False):
    """Codes that were signed together, numbered 1 to `count`; none of a poster's (0) is single.

    Nothing that is done after `closed_ms` counts any more; 0 while the codes are in use.
    """

    activity_id: str
    valid_until: str
    count: int
    result: int
    member: str
    brought_by: str
    staff: str
    made_ms: int
    closed_ms: int = 0

    def code(self, batch_id: str, number: int, shard_key: int = 0) -> ActivityCode:
        """Return what one of its codes says; within a ledger nobody asks for the shard."""
        return ActivityCode(
            shard_key=shard_key,
            activity_id=self.activity_id,
            valid_until=self.valid_until,
            batch=batch_id,
            number=number,
            result=self.result,
            member=self.member,
            brought_by=self.brought_by,
        )
