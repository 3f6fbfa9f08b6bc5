"""Who brought whom, and what that gives while it stands.

A referral stands while the member has kept nothing that was bought before its day, by the
purchases as they are now: one that is heard late takes its points back, one that comes back whole
gives them again. So nobody's points hang on which till central hears first.
"""

from msgspec import structs

from central.ledger.judging.accounts import wallet_id
from central.ledger.judging.activity_points import affords, credit, debit
from central.ledger.judging.activity_rows import Doing
from central.ledger.judging.entry import Entry, Impossible
from central.ledger.judging.member_rows import Profile
from central.ledger.judging.rows import Account, Judgement
from central.ledger.judging.state import State
from loyalty.activity_codes import find
from loyalty.events import Holder
from loyalty.rules.activities import Activity
from loyalty.rules.rulebook import RuleBook
from loyalty.wire import Verdict

_NEVER = Account()
_NOTHING = Doing()


def begin(entry: Entry, activity: Activity, member: str, doing: Doing, version: str) -> Judgement:
    """Note who brought a member, under a book, and give what is due for it by now."""
    state = entry.state
    state.doings.put((activity.id, member), doing)
    profile = state.profiles.get(member) or Profile()
    referrals = (*(profile.referrals or ()), (activity.id, version))
    state.profiles.put(member, structs.replace(profile, referrals=referrals))
    if _settle(entry, activity, member, _book(state, version)):
        return Judgement(Verdict.APPLIED, "", activity.points)
    new = is_new(state, member, doing.day)
    return Judgement(Verdict.APPLIED, "activity_after_purchase" if new else "activity_not_new")


def settle(entry: Entry, member: str) -> None:
    """Give what a member's referrals make due by what they have bought now, or take it back."""
    profile = entry.state.profiles.get(member)
    for activity_id, version in (profile.referrals or ()) if profile is not None else ():
        book = _book(entry.state, version)
        activity = find(book, activity_id)
        if activity is None:
            raise Impossible(f"rule book {version} has no activity {activity_id}")
        _settle(entry, activity, member, book)


def is_new(state: State, member: str, day: str) -> bool:
    """Tell whether a member has kept nothing that was bought before a day."""
    first = _first_bought(state, member)
    return not first or first >= day


def is_pair(state: State, activity: Activity, one: str, other: str) -> bool:
    """Tell whether a referral of one of the two by the other stands."""
    return bool(state.uses.get(_pair_key(activity.id, one, other)))


def _settle(entry: Entry, activity: Activity, member: str, book: RuleBook) -> bool:
    """Bring a referral's points to what is due; return whether it is paid."""
    state, key = entry.state, (activity.id, member)
    doing = state.doings.get(key) or _NOTHING
    due = _stands(state, activity, member, doing)
    due = due and bool(not activity.after_purchase or _first_bought(state, member))
    more = int(due) - doing.rounds
    points, brought = more * activity.points, more * activity.referrer_points
    if more > 0 and affords(state, activity, points + brought):
        # One event may do this for two whom the same member brought.
        of_whom = f"{activity.id}/{member}"
        credit(entry, activity, member, points, entry.last_day(), book, of_whom)
        credit(entry, activity, doing.referrer, brought, entry.last_day(), book, of_whom)
    elif more < 0:
        debit(entry, activity, member, -points)
        debit(entry, activity, doing.referrer, -brought)
    else:
        return doing.rounds > 0
    paid = structs.replace(doing, rounds=doing.rounds + more, points=doing.points + points)
    state.doings.put(key, paid)
    return paid.rounds > 0


def _stands(state: State, activity: Activity, member: str, doing: Doing) -> bool:
    """Tell whether a referral counts; of a pair's two the one that did first, while it does."""
    pair, mine = _pair_key(activity.id, member, doing.referrer), 1 + (member > doing.referrer)
    taken = state.uses.get(pair) or 0
    stands = is_new(state, member, doing.day) and taken in (0, mine)
    if stands or taken == mine:
        state.uses.put(pair, mine if stands else None)
    return stands


def _first_bought(state: State, member: str) -> str:
    return (state.accounts.get(wallet_id(Holder("member", member))) or _NEVER).first_bought


def _book(state: State, version: str) -> RuleBook:
    book = state.books.get(version)
    if book is None:
        raise Impossible(f"rule book {version} was here and is gone")
    return book


def _pair_key(activity_id: str, one: str, other: str) -> str:
    return "/".join(("activity-pair", activity_id, *sorted((one, other))))
