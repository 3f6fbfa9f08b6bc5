from tillpoints.demo.room.roll import PIECES_MAX, Roll

RECEIPT = "禾鹿小馆\n应收 12.00\n".encode("gb18030")
CUT = b"\x1dV\x00"
QR = b"\x1d(k\x0a\x00\x31P0TPC1234\x1d(k\x03\x00\x31Q0"
CLAIM = "积分联 TILLPOINTS\n积分认领凭条\n".encode("gb18030") + QR


def kinds(roll) -> list[str]:
    return [piece.kind for piece in roll.pieces]


def test_each_piece_between_cuts_is_drawn_once():
    roll = Roll(32)
    assert roll.grow(RECEIPT + CUT + CLAIM + CUT)
    assert kinds(roll) == ["pos", "claim"]
    assert all(piece.svg.startswith("<svg") for piece in roll.pieces)
    assert not roll.grow(RECEIPT + CUT + CLAIM + CUT)


def test_the_code_of_our_own_slips_can_be_scanned():
    roll = Roll(32)
    roll.grow(RECEIPT + CUT + CLAIM + CUT)
    claim = roll.newest("claim")
    assert claim is not None
    assert claim.qr == "TPC1234"
    assert roll.newest("redemption") is None


def test_paper_that_still_hangs_in_the_printer_grows_and_keeps_its_number():
    roll = Roll(32)
    roll.grow(RECEIPT)
    [hanging] = roll.pieces
    assert not hanging.cut
    roll.grow(RECEIPT + RECEIPT + CUT)
    [piece] = roll.pieces
    assert piece.cut
    assert piece.number == hanging.number
    assert len(piece.svg) > len(hanging.svg)


def test_bytes_may_come_in_any_portions():
    whole = RECEIPT + CUT + CLAIM + CUT
    at_once, dripping = Roll(32), Roll(32)
    at_once.grow(whole)
    for end in range(1, len(whole) + 1):
        dripping.grow(whole[:end])
    assert [piece.svg for piece in dripping.pieces] == [piece.svg for piece in at_once.pieces]
    assert kinds(dripping) == kinds(at_once)


def test_only_the_newest_pieces_are_kept():
    roll = Roll(32)
    roll.grow((RECEIPT + CUT) * (PIECES_MAX + 5))
    assert len(roll.pieces) == PIECES_MAX
    assert roll.pieces[-1].number == PIECES_MAX + 5
