"""Which run of a device may spend leases: one at a time on each of its chains (SYNC 2.5).

A run is armed by its first grant and for as long as one of its leases may be spent, by central's
clock. It says goodbye by spending or giving back the last of them. So a copy of a till's disk, or
the till itself after a restart, gets no lease while the run before it could still spend one.
"""

from msgspec import structs

from central.ledger.judging.rows import Arm, Lease
from central.ledger.judging.state import State
from loyalty.events import LeaseGrant, Moment


def another_run(state: State, chain: tuple[bytes, int], session: str, at: Moment) -> Arm | None:
    """Return the run that is armed on a chain at `at`, None if it is `session` or nobody."""
    arm = state.arms.get(chain)
    if arm is None or arm.session == session or at.wall_ms >= arm.until_ms:
        return None
    return arm


def arm(state: State, grant: LeaseGrant) -> None:
    """Arm the run that a lease is granted to; one that does not say its name cannot be told."""
    if not grant.session:
        return
    chain = (bytes.fromhex(grant.device), grant.epoch)
    before = state.arms.get(chain)
    same = before is not None and before.session == grant.session
    leases = before.leases if before is not None and same else ()
    until_ms = grant.at.wall_ms + grant.ttl_s * 1000
    state.arms.put(chain, Arm(grant.session, until_ms, (*leases, grant.lease_id)))


def armed_for(state: State, lease: Lease) -> str | None:
    """Return the run that is armed with a lease, None if nobody is any more."""
    arm = state.arms.get((lease.device_id, lease.epoch))
    return arm.session if arm is not None and lease.lease_id in arm.leases else None


def disarm(state: State, lease: Lease) -> None:
    """Take a lease that is spent, given back or given up from the run that had it."""
    chain = (lease.device_id, lease.epoch)
    arm = state.arms.get(chain)
    if arm is not None and lease.lease_id in arm.leases:
        left = tuple(one for one in arm.leases if one != lease.lease_id)
        state.arms.put(chain, structs.replace(arm, leases=left) if left else None)
