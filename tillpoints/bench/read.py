"""How fast print jobs become readings: the decoder alone, and the whole way to a decision.

The jobs are invented shop receipts, no two alike; `styled` ones change bold, size or place in each
line, as most tills do, and are of the same text. Beside us runs `bytes.decode` over the same
bytes, the least that any reader must do, and `npos`, a decoder from npm, where node finds one. All
take turns in every round, so a busy moment hits them all; the best round of each counts.
"""

import json
import random
import shutil
import subprocess
import time
from collections.abc import Callable

from receipts.reading import read_job
from receipts.stream.decoder import Decoder

RECEIPTS = 120
ITEMS = 36  # makes a job of about 2 KB
PIECE_BYTES = 1 << 14
RASTER_ROWS = 2000
RASTER_COPIES = 12
HEAD_DOTS = 576
STRIPS = 400
_NODE_TIMEOUT_S = 120.0
_GOODS = ("东北大米", "有机鸡蛋", "纯牛奶", "手打牛肉丸", "抹茶千层", "矿泉水", "全麦吐司", "蓝莓")
# Reads jobs parted by lengths from stdin; prints the best seconds of one pass over all of them.
_NPOS = """
const npos = require(require.resolve('npos', {paths: [process.cwd()]}));
const [rounds, ...sizes] = process.argv.slice(1).map(Number);
const raw = require('fs').readFileSync(0);
(async () => {
  let best = Infinity, jobs = [], at = 0;
  for (const size of sizes) { jobs.push(raw.subarray(at, at + size)); at += size; }
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (const job of jobs) await npos.parser().parse(job);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e9);
  }
  console.log(JSON.stringify(best));
})().catch(error => { console.error(error.message); process.exit(1); });
"""


def run(*, rounds: int = 12) -> dict[str, object]:
    """Measure; return MB per second (million bytes), receipts per second, ms and ratios."""
    jobs = [_job(number) for number in range(RECEIPTS)]
    text = b"".join(jobs)
    styled = b"".join(_styled(job) for job in jobs)
    raster, strips, star = _raster() * RASTER_COPIES, _strips(), _star()
    ways: dict[str, Callable[[], object]] = {
        "plain": lambda: [job.decode("gb18030") for job in jobs],
        "decoder": lambda: _decode(text),
        "styled": lambda: _decode(styled),
        "raster": lambda: _decode(raster),
        "strips": lambda: _decode(strips),
        "star": lambda: _decode(star),
        "whole": lambda: [read_job(job) for job in jobs],
    }
    best_s = dict.fromkeys(ways, float("inf"))
    for _ in range(rounds):
        for name, way in ways.items():
            start_s = time.perf_counter()
            way()
            best_s[name] = min(best_s[name], time.perf_counter() - start_s)
    megabytes = len(text) / 1e6
    peer_s, peer_note = _npos_s(jobs, rounds)
    return {
        "job_bytes": len(text) // RECEIPTS,
        "plain_decode_mb_s": round(megabytes / best_s["plain"], 1),
        "decoder_mb_s": round(megabytes / best_s["decoder"], 1),
        "styled_mb_s": round(len(styled) / 1e6 / best_s["styled"], 1),
        "raster_mb_s": round(len(raster) / 1e6 / best_s["raster"], 1),
        "strips_mb_s": round(len(strips) / 1e6 / best_s["strips"], 1),
        "star_raster_mb_s": round(len(star) / 1e6 / best_s["star"], 1),
        "whole_receipts_s": round(RECEIPTS / best_s["whole"]),
        "whole_ms": round(best_s["whole"] / RECEIPTS * 1e3, 3),
        "npos_mb_s": round(megabytes / peer_s, 2) if peer_s else None,
        "npos_note": peer_note,
        "decoder_to_npos": round(peer_s / best_s["decoder"], 1) if peer_s else None,
        "decoder_to_plain": round(best_s["plain"] / best_s["decoder"], 4),
        "whole_to_decoder": round(best_s["decoder"] / best_s["whole"], 3),
    }


def describe(result: dict[str, object]) -> str:
    """Say what the figures of `run` mean."""
    peer = str(result["npos_note"])
    if result["npos_mb_s"] is not None:
        peer = f"{result['npos_mb_s']:8} MB/s   ours / npos {result['decoder_to_npos']}   {peer}"
    rows = (
        ("bytes.decode, nothing else", f"{result['plain_decode_mb_s']:8} MB/s"),
        (
            "decoder over text",
            f"{result['decoder_mb_s']:8} MB/s   ours / bytes.decode {result['decoder_to_plain']}",
        ),
        ("npos over the same", peer),
        ("decoder over styled text", f"{result['styled_mb_s']:8} MB/s"),
        ("decoder over raster, GS v 0", f"{result['raster_mb_s']:8} MB/s"),
        ("strips, ESC *", f"{result['strips_mb_s']:8} MB/s"),
        ("Star's rows", f"{result['star_raster_mb_s']:8} MB/s"),
        (
            "decoded, classified and read",
            f"{result['whole_receipts_s']:8} receipts/s   {result['whole_ms']} ms each",
        ),
    )
    head = f"{RECEIPTS} jobs of {result['job_bytes']} bytes, each another receipt, on one core"
    return "\n".join([head, *(f"  {name:30}{figure}" for name, figure in rows)])


def _job(number: int) -> bytes:
    """Return the print job of one invented receipt, as a Chinese till sends it."""
    chance = random.Random(number)
    lines, sum_fen = [], 0
    for _ in range(ITEMS):
        count, fen = chance.randrange(1, 6), chance.randrange(200, 9000)
        sum_fen += count * fen
        name = chance.choice(_GOODS) + chance.choice(("", "(大)", " 500ml", "/盒"))
        wide = len(name.encode("gb18030"))
        cells = f"{count:>4}{_money(fen):>10}{_money(count * fen):>12}"
        lines.append(name + " " * (20 - wide) + cells)
    paid_fen = -(-sum_fen // 10000) * 10000
    sums = (("合计", sum_fen), ("现金", paid_fen), ("找零", paid_fen - sum_fen))
    head = ["品名                数量      单价        金额", "-" * 48]
    tail = ["-" * 48, *(f"{label}{_money(fen):>44}" for label, fen in sums), "谢谢惠顾"]
    day = f"2025-11-{number % 28 + 1:02d} {9 + number % 12:02d}:{number % 60:02d}:07"
    meta = [f"小票号:LM{number:07d}  款台:{number % 9:02d}", f"时间:{day}"]
    body = "\n".join([*meta, *head, *lines, *tail]) + "\n"
    title = "良木生活超市\n销售小票\n".encode("gb18030")
    start = b"\x1b@\x1ba\x01\x1d!\x11" + title + b"\x1d!\x00\x1ba\x00"
    return start + body.encode("gb18030") + b"\x1bd\x04\x1dVB\x00"


def _styled(job: bytes) -> bytes:
    """Return the job with each line's place set, its name bold, and every third line doubled."""
    lines = job.removeprefix(b"\x1b@").split(b"\n")
    ways = (
        lambda line: b"\x1ba\x00\x1bE\x01" + line[:20] + b"\x1bE\x00" + line[20:],
        lambda line: b"\x1b!\x08" + line + b"\x1b!\x00",
        lambda line: b"\x1ba\x01\x1d!\x11" + line + b"\x1d!\x00",
    )
    return b"\x1b@" + b"\n".join(ways[at % 3](line) for at, line in enumerate(lines))


def _money(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _raster() -> bytes:
    """GS v 0: a page of 576 dots, as a driver sends it."""
    dots = random.Random(RASTER_ROWS).randbytes(72 * RASTER_ROWS)
    return b"\x1dv0\x00\x48\x00" + RASTER_ROWS.to_bytes(2, "little") + dots + b"\x1dV\x00"


def _strips() -> bytes:
    """ESC *: strips of 24 dots, a line feed behind each."""
    chance = random.Random(RASTER_ROWS)
    head = b"\x1b*\x21" + HEAD_DOTS.to_bytes(2, "little")
    strips = (head + chance.randbytes(3 * HEAD_DOTS) + b"\n" for _ in range(STRIPS))
    return b"\x1b3\x18" + b"".join(strips) + b"\x1dV\x00"


def _star() -> bytes:
    """Star's raster mode: rows one by one."""
    chance = random.Random(RASTER_ROWS)
    rows = (b"b\x48\x00" + chance.randbytes(72) for _ in range(RASTER_ROWS))
    return b"\x1b*rA" + b"".join(rows) * RASTER_COPIES + b"\x1b*rB"


def _decode(raw: bytes) -> int:
    decoder = Decoder()
    pieces = (raw[at : at + PIECE_BYTES] for at in range(0, len(raw), PIECE_BYTES))
    return sum(len(decoder.feed(piece)) for piece in pieces) + len(decoder.close())


def _npos_s(jobs: list[bytes], rounds: int) -> tuple[float | None, str]:
    """Return the best seconds of npos over all jobs, or None and why it could not run."""
    node = shutil.which("node")
    if node is None:
        return None, "not run: there is no node on this machine"
    command = [node, "-e", _NPOS, str(rounds), *(str(len(job)) for job in jobs)]
    try:
        done = subprocess.run(
            command, input=b"".join(jobs), capture_output=True, timeout=_NODE_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"not run: no answer within {_NODE_TIMEOUT_S:.0f} s"
    if done.returncode:
        missing = b"Cannot find module" in done.stderr
        reason = "npm install npos brings it" if missing else done.stderr.decode()[-200:].strip()
        return None, f"not run: {reason}"
    return float(json.loads(done.stdout)), "(compiled by V8; it cuts tokens and leaves text bytes)"
