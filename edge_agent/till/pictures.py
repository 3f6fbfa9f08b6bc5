"""Whose a picture is that is still being read: it takes the scans that its place in time gives it.

Pure. Papers printed behind it are recorded before it, so its scan is set aside for it at once. When
it turns out to be no sale, the scan goes back to where it would be without it.
"""

from msgspec import structs

from edge_agent.till.inputs import (
    SCAN_AFTER_S,
    SCAN_BEFORE_S,
    MemberScan,
    MemberScanned,
    PictureJob,
    PictureSeen,
    State,
)

#: What is read once the agent is far behind waits for nobody's scan.
PICTURES_MAX = 256


def seen(state: State, event: PictureSeen) -> State:
    """Note a picture's place, and set aside for it the scan that waits for it."""
    if any(picture.job_id == event.job_id for picture in state.pictures):
        return state
    parts = {event.job_id, *event.parts}
    unread = tuple(job for job in state.unread_jobs if job[0] not in parts)
    later = [at_s for _, at_s in unread if at_s > event.started_s]
    closes_s = min([event.ended_s + SCAN_AFTER_S, *later])
    scan = state.scan
    if scan is not None and not event.started_s - SCAN_BEFORE_S <= scan.at_s <= closes_s:
        scan = None
    picture = PictureJob(event.job_id, event.started_s, closes_s, scan)
    return structs.replace(
        state,
        unread_jobs=unread,
        pictures=(*state.pictures, picture)[-PICTURES_MAX:],
        scan=None if scan is not None else state.scan,
    )


def started(state: State, at_s: float) -> State:
    """The next paper began: a scan from now on is not for a picture before it."""
    if not state.pictures:
        return state
    pictures = tuple(
        structs.replace(picture, closes_s=min(picture.closes_s, at_s))
        if picture.started_s < at_s
        else picture
        for picture in state.pictures
    )
    return structs.replace(state, pictures=pictures)


def scanned(state: State, event: MemberScanned) -> State | None:
    """Return the state in which the last picture has this scan; None if it is not for one."""
    last = state.pictures[-1] if state.pictures else None
    if last is None or not last.started_s <= event.at_s <= last.closes_s:
        return None
    taken = structs.replace(last, scan=MemberScan(event.member, event.at_s))
    return structs.replace(state, pictures=(*state.pictures[:-1], taken))


def find(state: State, job_id: str) -> PictureJob | None:
    """Return the picture that a job's reading is of."""
    return next((picture for picture in state.pictures if picture.job_id == job_id), None)


def alone(state: State, picture: PictureJob, ended_s: float) -> State:
    """Return the state as the picture alone sees it: its own scan, and whether others followed."""
    followed = picture.closes_s < ended_s + SCAN_AFTER_S or state.open_sale or state.open_review
    behind = max(picture.closes_s, picture.started_s + 1e-3)
    return structs.replace(
        state,
        scan=picture.scan,
        open_sale=None,
        open_review=None,
        unread_jobs=(("behind", behind),) if followed else (),
        pictures=tuple(each for each in state.pictures if each is not picture),
    )


def back(before: State, after: State, picture: PictureJob) -> tuple[State, MemberScan | None]:
    """Return the state with the others' business as it was, and the picture's scan if unused."""
    unused = after.scan if picture.scan is not None else None
    kept = structs.replace(
        after,
        scan=before.scan,
        open_sale=after.open_sale or before.open_sale,
        open_review=after.open_review or before.open_review,
        unread_jobs=before.unread_jobs,
    )
    return kept, unused
