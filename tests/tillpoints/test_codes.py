"""`tillpoints codes` as scripts call it."""

import json

import segno
from click.testing import CliRunner

from tillpoints.commands.codes import command


def run(*files):
    result = CliRunner().invoke(command, [str(file) for file in files])
    return result, [json.loads(line) for line in result.stdout.splitlines()]


def test_each_file_has_one_line_in_the_order_given(tmp_path):
    names = [tmp_path / f"{number}.png" for number in range(3)]
    for name in names:
        segno.make(f"TPM-{name.stem}", micro=False).save(str(name), scale=4)
    result, lines = run(*reversed(names))
    assert result.exit_code == 0
    assert [line["file"] for line in lines] == [str(name) for name in reversed(names)]
    assert [line["codes"] for line in lines] == [
        [{"symbology": "QRCode", "text": f"TPM-{number}"}] for number in (2, 1, 0)
    ]
    assert all(line["ms"] >= 0 for line in lines)


def test_bad_files_are_told_and_the_others_are_read(tmp_path):
    good, bad = tmp_path / "good.png", tmp_path / "bad.png"
    segno.make("here", micro=False).save(str(good), scale=4)
    bad.write_text("no picture")
    result, lines = run(bad, tmp_path / "none.png", tmp_path, good)
    assert result.exit_code == 1
    assert "3 of 4 files could not be read" in result.stderr
    assert [line.get("error") for line in lines] == [
        "no picture of a known kind",
        "No such file or directory",
        "Is a directory",
        None,
    ]
    assert lines[3]["codes"] == [{"symbology": "QRCode", "text": "here"}]


def test_a_picture_without_a_code_has_none_and_is_no_failure(tmp_path):
    blank = tmp_path / "blank.png"
    segno.make("x", micro=False).save(str(blank), scale=4, dark="white")
    result, lines = run(blank)
    assert result.exit_code == 0
    assert lines[0]["codes"] == []


def test_bytes_that_are_no_text_are_told_as_they_are(tmp_path):
    name = tmp_path / "bytes.png"
    segno.make(b"\x00\xff\xfe\x01\x80abc", micro=False).save(str(name), scale=4)
    _, lines = run(name)
    assert lines[0]["codes"][0]["hex"] == "00fffe0180616263"


def test_gbk_is_read_as_gbk(tmp_path):
    name = tmp_path / "gbk.png"
    segno.make("会员卡积分".encode("gbk"), micro=False).save(str(name), scale=4)
    _, lines = run(name)
    assert lines[0]["codes"] == [{"symbology": "QRCode", "text": "会员卡积分"}]


def test_no_file_is_a_wrong_call():
    result, _ = run()
    assert result.exit_code == 2
