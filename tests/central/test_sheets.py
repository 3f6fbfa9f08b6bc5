import pytest

from central.sheets import CellError, SheetError, read_rows

COLUMNS = {"id": True, "points": True, "note": False}


def read(data, name="x.csv"):
    return read_rows(
        name,
        data if isinstance(data, bytes) else data.encode(),
        COLUMNS,
        lambda row: (row.an_id("id"), row.whole_number("points", 1, 100), row.cells["note"]),
        key=lambda value: value[0],
    )


def problems_of(data):
    with pytest.raises(SheetError) as refusal:
        read(data)
    return str(refusal.value).splitlines()


@pytest.mark.parametrize("encode", [str.encode, lambda text: text.encode("utf-8-sig")])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_file_reads_the_same_with_and_without_a_mark_and_with_either_line_end(encode, newline):
    text = newline.join(["id,points,note", "a,1,茶", "b,2,", ""])
    assert read(encode(text)) == [("a", 1, "茶"), ("b", 2, "")]


def test_a_column_that_may_be_missing_reads_as_empty_and_order_is_free():
    assert read("points,id\n7,a\n") == [("a", 7, "")]


def test_blank_lines_and_blanks_around_cells_do_not_count():
    assert read("id, points\n\n a , 7 \n,\n") == [("a", 7, "")]


def test_an_empty_sheet_below_its_header_is_no_error():
    assert read("id,points\n") == []


def test_every_problem_is_told_with_file_line_and_column_in_both_languages():
    lines = problems_of("id,points\nA,1\nb,x\nc,101\n,5\n")
    assert [line.split(": ")[0] for line in lines] == ["x.csv:2", "x.csv:3", "x.csv:4", "x.csv:5"]
    assert lines[1] == (
        "x.csv:3: points: “x”应为 1 至 100 的整数 / 'x' is not a whole number from 1 to 100"
    )


def test_the_line_is_the_line_of_the_file_even_behind_a_cell_of_two_lines():
    lines = problems_of('id,points,note\na,1,"two\nlines"\nb,x,\n')
    assert lines[0].startswith("x.csv:4: points: ")


def test_a_row_of_another_width_is_named():
    assert problems_of("id,points\na,1,2\n")[0].startswith("x.csv:2: 有 3 列，表头有 2 列")


def test_the_same_key_twice_names_the_first_line():
    assert problems_of("id,points\na,1\nb,1\na,2\n") == [
        "x.csv:4: 与第 2 行重复 / the same as line 2"
    ]


def test_a_misspelt_column_is_answered_with_the_right_one():
    lines = problems_of("id,point\na,1\n")
    assert lines[0].startswith("x.csv:1: point: ")
    assert "points" in lines[0]
    assert lines[1].startswith("x.csv:1: points: 缺少这一列")


def test_a_column_twice_is_refused():
    assert "this column stands twice" in problems_of("id,points,id\na,1,a\n")[0]


def test_a_file_without_any_line_misses_its_columns():
    assert len(problems_of("")) == 2


def test_bytes_that_are_not_utf8_name_their_line():
    lines = problems_of("id,points,note\na,1,\nb,2,茶\n".encode("gb18030"))
    assert lines == [
        "x.csv:3: 不是 UTF-8 编码，请另存为 CSV UTF-8 / not UTF-8: save it as CSV UTF-8"
    ]


def test_an_open_quote_is_an_error_not_an_endless_cell():
    assert "not CSV" in problems_of('id,points\n"a,1\n')[0]


def test_many_problems_are_counted_not_all_listed():
    lines = problems_of("id,points\n" + "".join(f"a{n},x\n" for n in range(50)))
    assert len(lines) == 21
    assert lines[-1] == "x.csv: 另有 30 处错误 / 30 more"


@pytest.mark.parametrize("cell", ["-1", "0", "101", "1.5", "٣", "1" * 5000, ""])
def test_only_plain_digits_in_range_are_a_whole_number(cell):
    assert problems_of(f"id,points\na,{cell}\n")[0].startswith("x.csv:2: points: ")


def test_a_cell_error_says_its_column():
    assert str(CellError("id", "错", "wrong")) == "id: 错 / wrong"
