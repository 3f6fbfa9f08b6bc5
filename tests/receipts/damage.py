"""Receipts damaged by a seeded hand, to count the awards that are not the true amount.

    python -m tests.receipts.damage [--seed N] [--rounds N] [--show OP] [FOLDER]

Without a folder the cases of `tests/cases/receipts` are damaged, else its text files. Each text
that is awarded whole is damaged in every way below; an award of any other amount is wrong.
"""

import argparse
import random
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from receipts.reading import Reading, read_text
from tests.receipts.jobs import case_names, text_of

_AMOUNT = re.compile(r"\d+[.,]\d\d(?!\d)")
_SUM = re.compile(
    r"合计|总计|应付|应收|实付|实收|找零|小计|现金|合計|總|應付|TOTAL|AMOUNT|CASH|CHANGE|DUE|PAY",
    re.IGNORECASE,
)
#: Digits that scanners and worn heads take for each other.
_ALIKE = {"0": "86", "1": "74", "2": "7", "3": "8", "4": "19", "5": "6", "6": "58", "7": "12",
          "8": "3069", "9": "48"}  # fmt: skip
_LETTERS = "ABCDEFGHIKLMNOPRSTUVW"

Chance = random.Random
Hand = Callable[[str, Chance], str]


def _misread(text: str, chance: Chance, count: int) -> str:
    """`count` digits of amounts are others."""
    places = [at for hit in _AMOUNT.finditer(text) for at in range(*hit.span())]
    out = list(text)
    for at in chance.sample(places, min(count, len(places))):
        if out[at].isdigit():
            out[at] = str((int(out[at]) + chance.randrange(1, 10)) % 10)
    return "".join(out)


def one_digit(text: str, chance: Chance) -> str:
    return _misread(text, chance, 1)


def three_digits(text: str, chance: Chance) -> str:
    return _misread(text, chance, 3)


def many_digits(text: str, chance: Chance) -> str:
    return _misread(text, chance, max(4, len(_AMOUNT.findall(text)) // 2))


def same_digit_everywhere(text: str, chance: Chance) -> str:
    """One amount is misread alike wherever it is printed, as one font misleads one reader."""
    values = sorted(set(_AMOUNT.findall(text)))
    if not values:
        return text
    value = chance.choice(values)
    at = chance.choice([at for at, char in enumerate(value) if char.isdigit()])
    other = value[:at] + chance.choice(_ALIKE[value[at]]) + value[at + 1 :]
    return re.sub(rf"(?<![\d.]){re.escape(value)}(?!\d)", other, text)


def one_shape_everywhere(text: str, chance: Chance) -> str:
    """Every amount's 3 is read as 8, or the like."""
    digit = chance.choice("0123456789")
    other = chance.choice(_ALIKE[digit])
    return _AMOUNT.sub(lambda hit: hit[0].replace(digit, other), text)


def lost_digit(text: str, chance: Chance) -> str:
    return _in_amounts(text, chance, lambda amount, at: amount[:at] + amount[at + 1 :], 1)


def lost_digits(text: str, chance: Chance) -> str:
    return _in_amounts(text, chance, lambda amount, at: amount[:at] + amount[at + 1 :], 3)


def doubled_digit(text: str, chance: Chance) -> str:
    return _in_amounts(text, chance, lambda amount, at: amount[:at] + amount[at] + amount[at:], 1)


def lost_points(text: str, chance: Chance) -> str:
    return _in_amounts(text, chance, lambda amount, _: amount.replace(".", ""), 3)


def blank_points(text: str, chance: Chance) -> str:
    return _in_amounts(text, chance, lambda amount, _: amount.replace(".", " "), 2)


def lost_signs(text: str, _: Chance) -> str:
    return re.sub(r"-(?=\s?[¥$]?\d+\.\d\d)", "", text)


def _in_amounts(text: str, chance: Chance, change: Callable[[str, int], str], count: int) -> str:
    hits = list(_AMOUNT.finditer(text))
    for hit in sorted(chance.sample(hits, min(count, len(hits))), key=lambda hit: -hit.start()):
        at = chance.choice([at for at, char in enumerate(hit[0]) if char.isdigit()])
        text = text[: hit.start()] + change(hit[0], at) + text[hit.end() :]
    return text


def lost_line(text: str, chance: Chance) -> str:
    return _without(text, chance, 1, _AMOUNT)


def lost_lines(text: str, chance: Chance) -> str:
    return _without(text, chance, 4, re.compile("."))


def lost_sums(text: str, chance: Chance) -> str:
    return _without(text, chance, 2, _SUM)


def _without(text: str, chance: Chance, count: int, which: re.Pattern[str]) -> str:
    lines = text.split("\n")
    known = [at for at, line in enumerate(lines) if which.search(line)]
    gone = set(chance.sample(known, min(count, len(known))))
    return "\n".join(line for at, line in enumerate(lines) if at not in gone)


def lost_amount(text: str, chance: Chance) -> str:
    return _in_amounts(text, chance, lambda *_: "", 1)


def lost_label(text: str, chance: Chance) -> str:
    """The words of two sums are gone; their amounts stay."""
    lines = text.split("\n")
    sums = [at for at, line in enumerate(lines) if _SUM.search(line) and _AMOUNT.search(line)]
    for at in chance.sample(sums, min(2, len(sums))):
        lines[at] = re.sub(r"[^\W\d_]", "", lines[at])
    return "\n".join(lines)


def worn_words(text: str, chance: Chance) -> str:
    """Letters are others here and there; digits stay."""
    out = list(text)
    letters = [at for at, char in enumerate(text) if char.isalpha()]
    for at in chance.sample(letters, len(letters) // 8):
        out[at] = chance.choice(_LETTERS)
    return "".join(out)


def glued(text: str, _: Chance) -> str:
    return re.sub(r"(?<=\S) {2,}(?=\S)", "", text)


def doubled_line(text: str, chance: Chance) -> str:
    lines = text.split("\n")
    money = [at for at, line in enumerate(lines) if _AMOUNT.search(line)]
    for at in sorted(chance.sample(money, min(1, len(money)))):
        lines.insert(at, lines[at])
    return "\n".join(lines)


def moved_lines(text: str, chance: Chance) -> str:
    """Lines come in another order, as on a scan that lies askew."""
    lines = text.split("\n")
    for _ in range(3):
        at = chance.randrange(len(lines) - 1) if len(lines) > 1 else 0
        lines[at : at + 2] = lines[at : at + 2][::-1]
    return "\n".join(lines)


def columns_apart(text: str, chance: Chance) -> str:
    """The amounts of some lines slip to the line below."""
    share = chance.random()
    slip = re.compile(r"(?m)^(.*\S) {2,}(-?[^\s\d]{0,3}\d+\.\d\d)$")
    return slip.sub(lambda hit: f"{hit[1]}\n{hit[2]}" if chance.random() < share else hit[0], text)


def top_gone(text: str, chance: Chance) -> str:
    lines = text.split("\n")
    return "\n".join(lines[chance.randrange(len(lines)) :])


def bottom_gone(text: str, chance: Chance) -> str:
    lines = text.split("\n")
    return "\n".join(lines[: 1 + chance.randrange(len(lines))])


def middle_gone(text: str, chance: Chance) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    return "\n".join(lines[:at] + lines[at + 1 + chance.randrange(8) :])


def right_edge_gone(text: str, chance: Chance) -> str:
    """The paper ran askew: the last characters of the widest lines are off it."""
    width = max(map(len, text.split("\n"))) - 1 - chance.randrange(4)
    return "\n".join(line[:width] for line in text.split("\n"))


def left_edge_gone(text: str, chance: Chance) -> str:
    count = 1 + chance.randrange(6)
    return "\n".join(line[count:] for line in text.split("\n"))


def faint_column(text: str, chance: Chance) -> str:
    """One column of the print head is dead: a character is missing from every line."""
    at = chance.randrange(max(map(len, text.split("\n"))))
    return "\n".join(line[:at] + line[at + 1 :] for line in text.split("\n"))


@cache
def _others() -> list[str]:
    return [text for text in map(text_of, case_names()) if "[[CUT]]" not in text]


def another_below(text: str, chance: Chance) -> str:
    """Another receipt, or its lower part, stands below without a cut between."""
    other = chance.choice(_others()).split("\n")
    return "\n".join(
        [text.rstrip("\n"), *other[chance.choice((0, chance.randrange(len(other)))) :]]
    )


def another_above(text: str, chance: Chance) -> str:
    """The lower part of another receipt stands above."""
    other = chance.choice(_others()).split("\n")
    return "\n".join([*other[chance.randrange(len(other)) :], text])


HANDS: tuple[Hand, ...] = (
    one_digit, three_digits, many_digits, same_digit_everywhere, one_shape_everywhere, lost_digit,
    lost_digits, doubled_digit, lost_points, blank_points, lost_signs, lost_line, lost_lines,
    lost_sums, lost_amount, lost_label, worn_words, glued, doubled_line, moved_lines,
    columns_apart, top_gone, bottom_gone, middle_gone, right_edge_gone, left_edge_gone,
    faint_column, another_below, another_above,
)  # fmt: skip


def whole_papers(folder: Path | None) -> dict[str, tuple[str, Reading]]:
    """Return the texts of single papers that are awarded as they are, with their readings."""
    if folder is None:
        texts = {case: text_of(case) for case in case_names()}
    else:
        texts = {file.stem: file.read_text() for file in sorted(folder.glob("*.txt"))}
    readings = {name: read(text) for name, text in texts.items()}
    return {
        name: (texts[name], papers[0])
        for name, papers in readings.items()
        if len(papers) == 1 and papers[0].decision == "award"
    }


def read(text: str) -> list[Reading]:
    malay = re.search(r"\bRM|MYR|SDN BHD|GST", text.upper()) is not None
    return read_text(text, currency="MYR" if malay else "CNY", date_order="dmy" if malay else "ymd")


def awards_after(
    papers: dict[str, tuple[str, Reading]], hand: Hand, rounds: int, seed: int
) -> Iterator[tuple[str, str, bool]]:
    """Yield each damaged paper that is awarded: its name, its text, whether the award is wrong."""
    for name, (text, true) in papers.items():
        chance = random.Random(f"{seed} {name} {hand.__name__}")
        for _ in range(rounds):
            damaged = hand(text, chance)
            for reading in read(damaged):
                if reading.decision == "award":
                    yield name, damaged, reading.eligible_fen != true.eligible_fen


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--show", default="", help="print the wrong awards of this damage")
    options = parser.parse_args()
    papers = whole_papers(options.folder)
    tries = len(papers) * options.rounds
    for hand in HANDS:
        if options.show in ("", hand.__name__):
            found = list(awards_after(papers, hand, options.rounds, options.seed))
            wrong = [each for each in found if each[2]]
            awarded = len(found) / tries
            say(f"{hand.__name__:24}{tries:7} damaged {awarded:7.1%} awarded {len(wrong):5} wrong")
            for case, text, _ in wrong if options.show else ():
                say(f"==== {case}, truly {papers[case][1].eligible_fen} fen\n{text}")
                say("\n".join(f"--> {each.owed_fen} fen {each.proofs}" for each in read(text)))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
