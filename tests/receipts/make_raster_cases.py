"""Makes the raster cases: invented receipts drawn with Debian's fonts and sent by other encoders.

Run by hand (`python -m tests.receipts.make_raster_cases NODE_MODULES`), never by the suite; needs
fonts-wqy-microhei, fonts-dejavu-core, python-escpos, Pillow, node, and the npm package
@point-of-sale/receipt-printer-encoder in the folder given. The same input gives the same bytes.
"""

import json
import lzma
import random
import subprocess
import sys
import unicodedata
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from escpos.printer import Dummy
from PIL import Image, ImageDraw, ImageFont

CASES = Path(__file__).parent.parent / "cases" / "receipts"
WQY = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
DEJAVU = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
PAPERS = 4
NPM = "@point-of-sale/receipt-printer-encoder 4.0.1"


class Look(NamedTuple):
    """How a driver draws: the font, its size and line in dots, the head's dots, fixed pitch."""

    font: str
    index: int
    size: int
    line: int
    dots: int
    pitch: int | None

    @property
    def columns(self) -> int:
        return self.dots // (self.pitch or 12)


class Shop(NamedTuple):
    """A shop: how its papers look, what it sells, who sends its jobs."""

    name: str
    look: Look
    english: bool
    goods: tuple[tuple[str, int], ...]
    number: str
    send: str
    head: str


CHINESE_GOODS = (
    ("招牌酸菜鱼", 9800), ("手打牛肉丸", 4650), ("清炒时蔬", 2875), ("米饭", 300), ("酸梅汤", 1290),
    ("桂花糕", 1605),
)  # fmt: skip
SHOP_GOODS = (
    ("羊毛围巾", 12980), ("棉袜三双", 3940), ("帆布手袋", 8675), ("遮阳帽", 5920),
    ("针织手套", 4135),
)  # fmt: skip
ENGLISH_GOODS = (
    ("Notebook A5", 890), ("Gel Pen", 265), ("City Map", 1470), ("Canvas Bag", 3985),
    ("Mug", 1230), ("Postcard", 145),
)  # fmt: skip

MONO = Look(WQY, 1, 20, 26, 384, 12)
WIDE = Look(WQY, 0, 22, 29, 576, None)
SHOPS = {
    "escpos_raster_58_zh": Shop(
        "青竹小馆", MONO, False, CHINESE_GOODS, "QZ", "bitImageRaster", "结账单"
    ),
    "escpos_graphics_80_zh": Shop(
        "云上衣坊", WIDE, False, SHOP_GOODS, "YS", "graphics", "销售小票"
    ),
    "escpos_column_80_en": Shop(
        "HARBOUR BOOKS PTE LTD", Look(DEJAVU, 0, 20, 26, 576, 12), True, ENGLISH_GOODS, "HB",
        "bitImageColumn", "TAX INVOICE",
    ),
    "npm_column_58_zh": Shop(
        "松间茶室", MONO, False, CHINESE_GOODS, "SJ", "npm column", "结账单"
    ),
    "npm_raster_80_zh": Shop(
        "海风衣舍", WIDE, False, SHOP_GOODS, "HF", "npm raster", "销售小票"
    ),
    "npm_star_58_en": Shop(
        "LANTERN CAFE PTE LTD", Look(WQY, 0, 20, 26, 384, None), True, ENGLISH_GOODS, "LC",
        "npm star", "RECEIPT",
    ),
}  # fmt: skip


class Made(NamedTuple):
    """A receipt: its lines, and what must be read from it."""

    text: str
    expected: dict[str, str]


def width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def receipt(shop: Shop, seed: int) -> Made:
    """Return an invented receipt of the shop."""
    dice = random.Random(f"{shop.name}{seed}")
    columns = shop.look.columns
    number = f"{shop.number}2511{dice.randrange(10, 30)}{dice.randrange(10000):04d}"
    date = f"2025-11-{dice.randrange(10, 29)}"
    clock = f"{dice.randrange(10, 22)}:{dice.randrange(60):02d}:{dice.randrange(60):02d}"
    zh = not shop.english
    cash, change, total, discount, owed, label, when = (
        ("现金", "找零", "合计", "优惠", "应付", "单号", "时间")
        if zh
        else ("CASH", "CHANGE", "SUBTOTAL", "DISCOUNT", "AMOUNT PAYABLE", "RECEIPT NO", "DATE")
    )

    def row(left: str, fen: int) -> str:
        right = f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
        return left + " " * (columns - width(left) - len(right)) + right

    bought = dice.sample(shop.goods, dice.randrange(3, len(shop.goods)))
    counts = [dice.randrange(1, 4) for _ in bought]
    gross = sum(fen * count for (_, fen), count in zip(bought, counts, strict=True))
    off = dice.randrange(1, 9) * 50 + dice.randrange(10) * 5
    due = gross - off
    paid = -(-due // 5000) * 5000
    rule = "-" * columns
    lines = [" " * ((columns - width(shop.name)) // 2) + shop.name]
    lines += [" " * ((columns - width(shop.head)) // 2) + shop.head, rule]
    lines += [f"{label}:{number}", f"{when}:{date} {clock}", rule]
    for (name, fen), count in zip(bought, counts, strict=True):
        lines.append(row(f"{name} x{count}", fen * count))
    lines += [rule, row(total, gross), row(discount, -off), row(owed, due)]
    lines += [row(cash, paid), row(change, paid - due), rule]
    lines += ["谢谢惠顾 欢迎再次光临" if zh else "THANK YOU, PLEASE COME AGAIN"]
    expected = {
        "kind": "sale", "merchant": shop.name, "number": number, "time": f"{date}T{clock}",
        "total": f"{due // 100}.{due % 100:02d}",
    }  # fmt: skip
    return Made("\n".join(lines) + "\n", expected)


def draw(text: str, look: Look) -> Image.Image:
    """Return the page as a driver draws it: no grey, every character at a whole dot."""
    basic = ImageFont.Layout.BASIC
    font = ImageFont.truetype(look.font, look.size, index=look.index, layout_engine=basic)
    lines = text.splitlines()
    page = Image.new("L", (look.dots, look.line * len(lines) + 16), 255)
    pen = ImageDraw.Draw(page)
    pen.fontmode = "1"
    for at, line in enumerate(lines):
        left, right = line, ""
        if look.pitch is None and "  " in line.strip():
            left, right = line.rstrip().rsplit("  ", 1)
        x = look.dots - font.getlength(right) if right else 0
        spans = [(left, 0.0), (right, x)]
        for part, start in spans:
            cursor = start
            for char in part:
                pen.text((round(cursor), at * look.line + 2), char, font=font, fill=0)
                wide = width(char) * look.pitch if look.pitch else round(font.getlength(char))
                cursor += wide
    return page.convert("1")


def by_escpos(page: Image.Image, implementation: str) -> bytes:
    printer = Dummy()
    printer.image(page, impl=implementation, fragment_height=240, center=False)
    printer.cut()
    return bytes(printer.output)


_NODE = """
const fs = require('fs');
const Encoder = require('@point-of-sale/receipt-printer-encoder');
const [kind, width, height] = process.argv.slice(1);
const dots = fs.readFileSync(0);
const data = new Uint8ClampedArray(dots.length * 4);
dots.forEach((dot, at) => { data.fill(dot, at * 4, at * 4 + 3); data[at * 4 + 3] = 255; });
const image = { data, width: +width, height: +height };
const mode = kind === 'npm column' ? 'column' : 'raster';
const encoder = new (Encoder.default || Encoder)({
  language: kind === 'npm star' ? 'star-line' : 'esc-pos', imageMode: mode,
  columns: width > 400 ? 48 : 32,
});
const job = encoder.initialize().image(image, +width, +height, 'threshold', 128).cut().encode();
process.stdout.write(Buffer.from(job));
"""


def by_npm(page: Image.Image, kind: str, modules: str) -> bytes:
    tall = -(-page.height // 24) * 24  # the encoder takes whole strips only
    full = Image.new("L", (page.width, tall), 255)
    full.paste(page)
    command = ["node", "-e", _NODE, kind, str(full.width), str(full.height)]
    environment = {"NODE_PATH": modules, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        command, input=full.tobytes(), capture_output=True, check=True, env=environment
    )
    return done.stdout


def main(modules: str) -> None:
    """Write the folders `raster_*`."""
    for kind, shop in SHOPS.items():
        for seed in range(1, PAPERS + 1):
            made = receipt(shop, seed)
            page = draw(made.text, shop.look)
            job = (
                by_npm(page, shop.send, modules)
                if shop.send.startswith("npm")
                else by_escpos(page, shop.send)
            )
            folder = CASES / f"raster_{kind}_{seed}"
            folder.mkdir(exist_ok=True)
            (folder / "text.txt").write_text(made.text, encoding="utf-8")
            (folder / "job.bin.xz").write_bytes(lzma.compress(job, preset=9))
            encoder = (
                NPM if shop.send.startswith("npm") else f"python-escpos {version('python-escpos')}"
            )
            how = (
                f"drawn with {Path(shop.look.font).name} {shop.look.size} by Pillow, "
                f"sent by {encoder} ({shop.send.removeprefix('npm ')})"
            )
            expected = {"made": how, "shop": kind, "documents": [made.expected]}
            body = json.dumps(expected, ensure_ascii=False, indent=1)
            (folder / "expected.json").write_text(body + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
