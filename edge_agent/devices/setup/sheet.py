"""A page of set-up codes to scan, for scanners that cannot be set up by wire.

Pure: a profile to HTML that prints on one sheet and loads nothing. Where the maker's code for a
setting is not known, the page says what it is called in the scanner's manual.
"""

from __future__ import annotations

from html import escape

import segno

from edge_agent.devices.profiles import ScannerProfile, Setting

_STYLE = (
    "body{font-family:sans-serif;max-width:180mm;margin:10mm auto}"
    "li{margin:0 0 8mm;break-inside:avoid}svg{display:block;margin:3mm 0}"
    "code{font-size:1.1em}"
)
_IN_ORDER = (
    "请从上到下依次扫描；每扫一个，应听到设置成功的提示音。"
    "<br>Scan from top to bottom; each must beep as a setting taken."
)
_UNKNOWN = (
    "此型号没有已知的设置条码，请用其说明书。"
    "<br>No set-up codes are known for this model: use its manual."
)


def sheet(profile: ScannerProfile) -> str:
    """Return the page, in Chinese and English."""
    setup = profile.setup
    settings = setup.setting if setup else ()
    items = [_item(setting) for setting in settings]
    if setup and setup.first_barcode:
        items.insert(0, "进入设置 / enter set-up" + _code(setup.first_barcode))
        items.append("退出设置 / leave set-up" + _code(setup.last_barcode))
    listed = "\n".join(f"<li>{item}</li>" for item in items)
    title = f"{escape(profile.model)} 设置条码 / set-up codes"
    advice = _IN_ORDER if settings else _UNKNOWN
    return (
        f'<!doctype html>\n<html lang="zh">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{title}</h1>\n<p>{advice}</p>\n"
        f"<ol>\n{listed}\n</ol>\n</html>\n"
    )


def _item(setting: Setting) -> str:
    said = f"{escape(setting.does_zh)} / {escape(setting.does_en)}"
    if setting.barcode:
        return said + _code(setting.barcode)
    manual = escape(setting.manual or f"{setting.name}{setting.value}")
    return f"{said}<br>说明书中的条码 / the code in the manual: <code>{manual}</code>"


def _code(text: str) -> str:
    svg = segno.make(text, error="m", micro=False).svg_inline(scale=4, border=4)
    return f"{svg}<code>{escape(text)}</code>"
