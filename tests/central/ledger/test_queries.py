from central.ledger.judging.accounts import Code, debt_id, wallet_id
from central.ledger.queries import latest, moved_since, statement, totals
from tests.central.programme import DAY_MS, START_MS, card, member


def test_a_statement_adds_up_from_opening_to_closing(programme):
    till = programme.till
    programme.add_member("a", tags=["c1"])
    programme.add_reward("tea", points=60)
    first = till.sale(member(), number="no 1")
    till.push(first)
    programme.now_ms += DAY_MS
    till.push(till.sale(card("c1"), fen=5_000))
    lease = till.lease(member())
    till.push(till.redeem(member(), lease))
    programme.now_ms += DAY_MS
    till.push(till.refund(first))
    told = programme.read(statement, member(), START_MS + DAY_MS, START_MS + 2 * DAY_MS)
    assert (told.opening, told.closing) == (100, 90)
    assert [(one.code, one.points, one.balance) for one in told.lines] == [
        (Code.AWARD, 50, 150),
        (Code.REDEEM, -60, 90),
    ]
    assert [one.reward_id for one in told.lines] == [None, "tea"]
    last = programme.read(statement, card("c1"), START_MS + 2 * DAY_MS, START_MS + 3 * DAY_MS)
    assert (last.opening, last.closing) == (90, -10)
    assert [(one.code, one.points) for one in last.lines] == [
        (Code.TAKE_BACK, -90),
        (Code.TAKE_BACK_OWED, -10),
    ]
    line = last.lines[0]
    assert (line.shop_id, line.number, line.owed_fen) == ("S1", "NO1", 10_000)
    assert line.printed_on == "2026-05-28"


def test_an_offline_sale_is_booked_when_it_came_and_says_when_it_happened(programme):
    till = programme.till
    till.write(till.sale(member()))
    programme.now_ms += DAY_MS
    till.send()
    (line,) = programme.read(statement, member(), 0, programme.now_ms + 1).lines
    assert (line.booked_ms, line.happened_ms) == (START_MS + DAY_MS, START_MS)


def test_paying_a_debt_is_no_line_of_a_statement(programme):
    till = programme.till
    programme.add_member("a")
    programme.add_reward(points=100)
    paid = till.sale(member())
    till.push(paid)
    till.push(till.redeem(member(), till.lease(member())), till.refund(paid))
    till.push(till.sale(member(), fen=15_000))
    told = programme.read(statement, member(), 0, programme.now_ms + 1)
    assert [one.points for one in told.lines] == [100, -100, -100, 150]
    assert told.closing == programme.balance(member()) == 50


def test_the_latest_transfers_come_first_and_name_their_accounts(programme):
    till = programme.till
    till.push(till.sale(member()), till.sale(card("c1")))
    programme.add_member("a", tags=["c1"])
    postings = programme.read(latest, 2)
    assert [(one.code, one.debit, one.credit, one.amount) for one in postings] == [
        (Code.CARD_MOVED, "wallet card:c1", "wallet member:a", 100),
        (Code.AWARD, "issuer", "wallet card:c1", 100),
    ]
    assert postings[1].device_id == till.id


def test_totals_say_what_waits_and_why(programme):
    till = programme.till
    paid = till.sale(member(), number="1")
    till.push(paid, paid, till.claim("x", member()))
    told = programme.read(totals)
    assert (told.events, told.transfers, told.held) == (3, 1, 0)
    assert told.waiting == {"duplicate_receipt": 1, "claim_unknown": 1}


def test_what_moved_since_leads_back_to_what_was_owned_then(programme):
    till = programme.till
    first = till.sale(member())
    till.push(first)
    programme.now_ms += DAY_MS
    till.push(till.sale(member("b")), till.refund(first), till.sale(member(), fen=3_000))
    since = programme.read(moved_since, START_MS + DAY_MS)
    owned = [(member(), -70), (member("b"), 100)]
    for holder, moved in owned:
        assert since.get(wallet_id(holder), 0) + since.get(debt_id(holder), 0) == moved
    assert sum(since.values()) == 0
    assert programme.read(moved_since, START_MS + DAY_MS + 1) == {}
