"""Slips fall into lines that fit the paper, with every amount whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paper.layout import (
    QR,
    Blank,
    Cut,
    Element,
    Line,
    Pair,
    Rule,
    Slip,
    Table,
    Text,
    as_text,
    lay_out,
)
from paper.width import settle

words = st.text(st.sampled_from("积分太古里é￥🎁 AB-12,.。（）\n"), max_size=70)
elements: st.SearchStrategy[Element] = st.one_of(
    st.builds(
        Text,
        words,
        st.sampled_from(["left", "centre", "right"]),
        st.booleans(),
        st.sampled_from([1, 2]),
    ),
    st.builds(Pair, words, words, st.booleans(), st.sampled_from([1, 2])),
    st.builds(Rule),
    st.builds(Blank),
    st.builds(
        Table,
        st.just(("日期", "说明", "积分", "余额")),
        st.lists(st.tuples(words, words, words, words), max_size=4).map(tuple),
        st.integers(0, 3),
    ),
    st.builds(QR, st.just("TP")),
    st.builds(Cut),
)


def paper(slip: Slip, width: int) -> list[str]:
    return as_text(lay_out(slip, width), width).splitlines()


def test_a_label_and_its_value_stand_at_the_two_edges() -> None:
    assert paper((Pair("合计", "12.50"),), 16) == ["合计       12.50"]


def test_a_long_label_wraps_and_the_amount_stays_whole_on_its_last_line() -> None:
    slip = (Pair("会员专享双倍积分活动", "+1,234"),)
    assert paper(slip, 16) == ["会员专享", "双倍积分", "活动      +1,234"]


def test_an_amount_with_no_room_beside_its_label_gets_a_line_of_its_own() -> None:
    assert paper((Pair("可用积分余额", "12,345,678"),), 16) == ["可用积分余额", "      12,345,678"]


def test_a_value_wider_than_the_paper_is_wrapped_and_not_cut() -> None:
    assert paper((Pair("地点", "太古里购物中心服务台"),), 12) == [
        "地点",
        "太古里购物中",
        "    心服务台",
    ]


def test_double_size_text_is_centred_to_the_exact_column() -> None:
    line = lay_out((Text("积分凭条", "centre", size=2),), 31)[0]
    assert isinstance(line, Line)
    assert (line.indent, line.width) == (7, 23)


def test_a_double_size_paragraph_wraps_at_half_the_paper() -> None:
    lines = lay_out((Text("一二三四五", size=2),), 16)
    assert [getattr(line, "text", "") for line in lines] == ["一二三四", "五"]


STATEMENT = Table(
    ("日期", "说明", "积分", "余额"),
    (
        ("11-08", "消费 太古里一号店", "+128", "1,280"),
        ("11-09", "兑换 保温杯", "-500", "780"),
    ),
    flexible=1,
)


def test_a_statement_table_wraps_only_its_text_column() -> None:
    assert paper((STATEMENT,), 32) == [
        "日期  说明            积分  余额",
        "11-08 消费 太古里一号 +128 1,280",
        "      店",
        "11-09 兑换 保温杯     -500   780",
    ]
    assert paper((STATEMENT,), 48) == [
        "日期  说明                            积分  余额",
        "11-08 消费 太古里一号店               +128 1,280",
        "11-09 兑换 保温杯                     -500   780",
    ]


def test_a_table_with_no_room_for_text_gives_the_text_its_own_line() -> None:
    assert paper((STATEMENT,), 22) == [
        "说明",
        "日期        积分  余额",
        "消费 太古里一号店",
        "11-08       +128 1,280",
        "兑换 保温杯",
        "11-09       -500   780",
    ]


def test_paper_too_narrow_for_a_character_is_refused() -> None:
    with pytest.raises(ValueError, match="two"):
        lay_out((Text("积", size=2),), 3)


@given(st.lists(elements, max_size=6).map(tuple), st.sampled_from([16, 21, 32, 42, 48]))
def test_no_line_is_wider_than_the_paper_and_no_character_is_lost(slip: Slip, width: int) -> None:
    lines = [line for line in lay_out(slip, width) if isinstance(line, Line)]
    assert all(line.width <= width for line in lines)
    printed = "".join(sorted("".join(line.text for line in lines).replace(" ", "")))
    assert printed == "".join(sorted(said(slip, width).replace(" ", "")))


def said(slip: Slip, width: int) -> str:
    """Return every character that the elements of `slip` say."""
    parts: list[str] = []
    for element in slip:
        match element:
            case Text(text):
                parts.append(text)
            case Pair(label, value):
                parts += [label, value]
            case Table(heading, rows):
                parts += [cell for row in (heading, *rows) for cell in row]
            case Rule(char):
                parts.append(char * width)
            case _:
                pass
    return settle("".join(parts))
