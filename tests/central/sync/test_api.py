from loyalty.wire import Topic, MemberRow, Verdict
from tests.central.programme import member

def test_first_path(programme):
    programme.add_member("a")
    till = programme.till
    assert till.push(till.sale(member())) == [(Verdict.APPLIED, "", 0)]
    assert programme.balance(member()) == 100
    rows = till.feed(Topic.MEMBER, MemberRow)
    assert rows["a"].balance == 100
    programme.check()
