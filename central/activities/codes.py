"""The texts of activity codes, and a page of them to print and cut. Pure.

A batch gives the same texts each time, so a lost print is printed again.
"""

import secrets
from html import escape

import segno
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.ledger.judging.activity_rows import Batch
from loyalty.activity_codes import signed_text
from loyalty.rules.activities import Activity

#: So many codes are made at once; a page of more is no use to print.
COUNT_MAX = 2_000
_STYLE = (
    "body{font-family:sans-serif;margin:8mm}"
    "main{display:grid;grid-template-columns:repeat(3,1fr);gap:6mm}"
    "main.poster{grid-template-columns:1fr;text-align:center}"
    "section{break-inside:avoid;border:.3mm dashed #999;padding:4mm}"
    "h2{margin:0;font-size:1.1em}p{margin:1mm 0}svg{width:100%;height:auto;max-width:120mm}"
)


def new_batch() -> str:
    """Return a fresh random id for a batch of codes."""
    return secrets.token_hex(5)


def texts(batch_id: str, batch: Batch, shard_key: int, key: Ed25519PrivateKey) -> list[str]:
    """Return the text of each code of a batch, in the order of their numbers."""
    numbers = range(1, batch.count + 1) if batch.count else (0,)
    return [signed_text(batch.code(batch_id, number, shard_key), key) for number in numbers]


def page(programme: str, activity: Activity, batch_id: str, batch: Batch, made: list[str]) -> str:
    """Return the codes as one HTML page that loads nothing, in Chinese and English."""
    title = f"{escape(activity.name_zh)} / {escape(activity.name_en)}"
    kind = "poster" if not batch.count else "tickets"
    items = "\n".join(
        _item(title, programme, batch, f"{batch_id}-{number}", text)
        for number, text in enumerate(made, 1 if batch.count else 0)
    )
    return (
        f'<!doctype html>\n<html lang="zh-CN">\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<style>{_STYLE}</style>\n<main class="{kind}">\n{items}\n</main>\n</html>\n'
    )


def _item(title: str, programme: str, batch: Batch, name: str, text: str) -> str:
    svg = segno.make_qr(text, error="m", boost_error=False).svg_inline(border=4, omitsize=True)
    result = f"<p>成绩 / result {batch.result}</p>" if batch.result else ""
    return (
        f"<section><h2>{title}</h2><p>{escape(programme)}</p>{svg}{result}"
        f"<p>请在自助机或收银台扫码 / Scan at a kiosk or till</p>"
        f"<p>有效期至 / valid until {escape(batch.valid_until)} · {escape(name)}</p></section>"
    )
