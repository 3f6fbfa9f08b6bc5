"""A glyph dictionary learnt from papers whose text is known.

Owns laying the characters of a line beside its marks, and what counts as learnt: a mark that was
seen as two different characters teaches nothing. Whether the text is true is not decided here.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import inf
from statistics import mean, median
from typing import NamedTuple

from msgspec import Struct

from paper.width import columns
from receipts.pictures.glyphs import MARKS_PER_CHAR, Band, Cell, Glyphs, Mark, cell_key, scale_of

#: A line and what it says.
Lesson = tuple[Band, str]

_GLUED_MAX = 5  # characters that touch and make one mark
_EM_DEFAULT = 24
#: The part of its sightings in which a mark must be one character: a line laid wrong is outvoted.
_CLEAR = 0.95
_FITS = 25
_CONTRADICTION = 1.0
#: The part of a page's lines that may be logos; with more it is another paper.
_SPARE_MAX = 0.3


class Placed(Struct, frozen=True):
    """Characters of a line and the marks that draw them."""

    text: str
    marks: tuple[Mark, ...]


def pair(bands: list[Band], lines: Iterable[str]) -> list[Lesson]:
    """Return the bands with their lines, in order; ink that is no line (a logo) stays out.

    Lines without a letter or digit (rules) are left out, as they are on the page.
    """
    kept = [line for line in lines if re.search(r"\w", line)]
    if len(bands) == len(kept):
        return list(zip(bands, kept, strict=True))
    spare = len(bands) - len(kept)
    if not 0 < spare <= _SPARE_MAX * len(bands):
        return []
    em = _em([(band, line) for band in bands for line in kept[:1]])
    best: dict[tuple[int, int], tuple[float, list[Lesson]]] = {(0, 0): (0.0, [])}
    for at, band in enumerate(bands):
        for said in range(max(0, at - spare), min(len(kept), at) + 1):
            if (at, said) not in best:
                continue
            cost, lessons = best[at, said]
            _keep_best(best, (at + 1, said), (cost, lessons))
            if said < len(kept):
                total = cost + _misfit(band, kept[said], em)
                _keep_best(best, (at + 1, said + 1), (total, [*lessons, (band, kept[said])]))
    cost, lessons = best.get((len(bands), len(kept)), (inf, []))
    return lessons if cost < inf else []


def _keep_best(
    best: dict[tuple[int, int], tuple[float, list[Lesson]]],
    at: tuple[int, int],
    way: tuple[float, list[Lesson]],
) -> None:
    if at not in best or way[0] < best[at][0]:
        best[at] = way


def _misfit(band: Band, line: str, em: int) -> float:
    """Return how badly the characters of a line lie over a band's marks, per character."""
    cost = _table(band, line, em, {}).get((len(band.marks), len("".join(line.split()))), (inf,))[0]
    return cost / len(line)


def learn(lessons: list[Lesson], known: Glyphs | None = None) -> Glyphs:
    """Return `known` with what the lessons teach; what contradicts it or itself is dropped."""
    em = known.em if known else _em(lessons)
    believed = {key: cell.text for key, cell in known.cells.items()} if known else {}
    for _ in range(2):  # a line laid wrong is set right by what all the others say
        laid = [(band, text, lay(band, text, em, believed)) for band, text in lessons]
        seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for _, _, placed in laid:
            for each in placed:
                seen[cell_key(each.marks)][each.text] += 1
        believed = {key: texts.most_common(1)[0][0] for key, texts in seen.items()}
    single = [(placed, text) for band, text, placed in laid if scale_of(band, em) == 1]
    gaps = [gap for placed, text in single for gap in _gaps(placed, text)]
    sides = _sides(gaps)
    cells = dict(known.cells) if known else {}
    for key, texts in seen.items():
        text, times = texts.most_common(1)[0]
        before = cells.pop(key, None)
        if times < _CLEAR * texts.total() or (before is not None and before.text != text):
            continue
        left, right = sides[key]
        cells[key] = before or Cell(text, round(left, 1), round(right, 1))
    widest = max([round(gap.dots) for gap in gaps], default=em // 2)
    gap = known.gap if known else min(widest + 1, em // 2)
    return Glyphs(em, gap, cells, known.drawings if known else ())


class _Gap(NamedTuple):
    """The dots without ink between two characters of one word."""

    before: str
    after: str
    dots: float


def _gaps(placed: list[Placed], text: str) -> list[_Gap]:
    starts = [at for at, char in enumerate(text) if not char.isspace()]
    gaps: list[_Gap] = []
    at = 0
    for before, after in pairwise(placed):
        at += len(before.text)
        if starts[at] == starts[at - 1] + 1:
            dots = after.marks[0].x - before.marks[-1].end
            gaps.append(_Gap(cell_key(before.marks), cell_key(after.marks), dots))
    return gaps


def _sides(gaps: list[_Gap]) -> defaultdict[str, tuple[float, float]]:
    """Return the left and right side of each character whose sums fit the gaps best.

    Without kerning a gap is exactly such a sum; the median at last leaves out a lost blank.
    A character that only begins or ends words is taken for an average one on its other side.
    """
    left: dict[str, float] = dict.fromkeys((gap.after for gap in gaps), 0.0)
    right: dict[str, float] = dict.fromkeys((gap.before for gap in gaps), 0.0)
    rights: defaultdict[str, list[_Gap]] = defaultdict(list)
    lefts: defaultdict[str, list[_Gap]] = defaultdict(list)
    for gap in gaps:
        rights[gap.before].append(gap)
        lefts[gap.after].append(gap)
    for typical in (*[mean] * _FITS, median):
        for key, group in rights.items():
            right[key] = typical([gap.dots - left[gap.after] for gap in group])
        for key, group in lefts.items():
            left[key] = typical([gap.dots - right[gap.before] for gap in group])
    first, last = median(left.values() or [0.0]), median(right.values() or [0.0])
    fitted = {key: (left.get(key, first), right.get(key, last)) for key in {*left, *right}}
    return defaultdict(lambda: (first, last), fitted)


def _em(lessons: list[Lesson]) -> int:
    """Return the usual height of lines with full characters, which fill nearly all of their em."""
    heights = [band.rows for band, text in lessons if not text.isascii()]
    if heights:
        return round(median(heights)) + 2
    heights = sorted(band.rows for band, _ in lessons)
    return round(heights[len(heights) * 9 // 10] * 1.15) if heights else _EM_DEFAULT


def lay(band: Band, text: str, em: int, believed: Mapping[str, str]) -> list[Placed]:
    """Return the characters of a line over its marks, nothing when they do not fit.

    The cheapest way to use up both is taken: a full character fills its em, a half one is a
    single mark as a rule. `believed` says which marks are thought to be which characters.
    """
    return _walked(_table(band, text, em, believed), band.marks, "".join(text.split()))


_Table = dict[tuple[int, int], tuple[float, tuple[int, int]]]


def _table(band: Band, text: str, em: int, believed: Mapping[str, str]) -> _Table:
    """Return, for so many marks and characters used up, the least cost and the step before."""
    chars = "".join(text.split())
    marks = band.marks
    em *= scale_of(band, em)
    best: _Table = {(0, 0): (0.0, (0, 0))}
    for done in range(len(marks) + 1):
        for said in range(len(chars) + 1):
            if (done, said) not in best:
                continue
            cost = best[done, said][0]
            for used, spoken in _MOVES:
                run, word = marks[done : done + used], chars[said : said + spoken]
                if len(run) < used or len(word) < spoken:
                    continue
                total = cost + _cost(run, word, em)
                thought = believed.get(cell_key(run)) if total < inf else None
                total += 0 if thought in (None, word) else _CONTRADICTION
                to = (done + used, said + spoken)
                if total < best.get(to, (inf,))[0]:
                    best[to] = (total, (done, said))
    return best


_MOVES = [(used, 1) for used in range(1, MARKS_PER_CHAR + 1)] + [
    (1, spoken) for spoken in range(2, _GLUED_MAX + 1)
]


def _walked(best: _Table, marks: tuple[Mark, ...], chars: str) -> list[Placed]:
    at = (len(marks), len(chars))
    if at not in best or best[at][0] == inf:
        return []
    placed: list[Placed] = []
    while at != (0, 0):
        done, said = best[at][1]
        placed.insert(0, Placed(chars[said : at[1]], marks[done : at[0]]))
        at = (done, said)
    return placed


def _cost(marks: tuple[Mark, ...], chars: str, em: int) -> float:
    span = (marks[-1].end - marks[0].x) / em
    wide = columns(chars) / 2  # in ems
    if not chars.isascii():
        if span > wide + 0.15 or (len(chars) > 1 and span < wide - 0.3):
            return inf
        if len(chars) == 1 and not chars.isalnum():
            return 0.4 * (len(marks) - 1)
        return (0.9 * wide - span) ** 2 + 0.5 * (len(chars) - 1)
    usual = sum(_NARROW if char in _NARROWS else _HALF for char in chars)
    if span > usual + 0.6 or (len(chars) > 1 and span < usual - 0.2 * len(chars)):
        return inf
    return 0.4 * (len(marks) - 1) + 0.5 * (len(chars) - 1) + (span - usual) ** 2


#: Parts of an em; proportional fonts differ most in these.
_NARROW, _HALF = 0.2, 0.5
_NARROWS = frozenset("iIjl1.,:;'|!()[]-`")
