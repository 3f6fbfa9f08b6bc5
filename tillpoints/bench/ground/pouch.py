"""PouchDB replicating to express-pouchdb: what offline-first shops sync with, as a peer.

The packages come from npm into a folder of their own, with node's own client; the documents are
the events' bodies. Its LevelDB writes are handed to the system, not synced (D1).
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loyalty.chain import Frame
from tillpoints.bench.ground.postgres import NotHere

BATCH = 500
_PACKAGES = ("pouchdb@9", "express-pouchdb@4", "express@5")
_INSTALL_S = 300.0
_REPLICATE_S = 900.0
_SERVER = """
const express = require('express'), PouchDB = require('pouchdb');
const Here = PouchDB.defaults({prefix: process.argv[1] + '/server-'});
const options = {mode: 'minimumForPouchDB', inMemoryConfig: true, logPath: '/dev/null'};
const app = express();
app.use('/', require('express-pouchdb')(Here, options));
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
const open = new Set();
let bytes = 0;
server.on('connection', socket => {
  open.add(socket);
  socket.on('close', () => { open.delete(socket); bytes += socket.bytesRead; });
});
process.stdin.once('data', () => {
  console.log([...open].reduce((sum, socket) => sum + socket.bytesRead, bytes));
  process.exit();
});
"""
_TILL = """
const PouchDB = require('pouchdb');
const [folder, port, file, size] = process.argv.slice(1);
(async () => {
  const text = require('fs').readFileSync(file, 'utf8');
  const docs = text.trim().split('\\n').map(line => JSON.parse(line));
  const till = new PouchDB(folder + '/till');
  for (let at = 0; at < docs.length; at += 1000) await till.bulkDocs(docs.slice(at, at + 1000));
  const start = process.hrtime.bigint();
  const url = 'http://127.0.0.1:' + port + '/central';
  const done = await till.replicate.to(url, {batch_size: Number(size)});
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  console.log(JSON.stringify([done.docs_written, seconds]));
  process.exit();
})().catch(error => { console.error(error.message); process.exit(1); });
"""


@contextmanager
def packages(folder: Path) -> Iterator[Path]:
    """Install PouchDB below `folder` and yield where. Raises NotHere."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotHere("Debian's nodejs and npm bring what PouchDB runs on")
    home = folder / "pouchdb"
    home.mkdir()
    command = [npm, "install", "--no-audit", "--no-fund", "--loglevel=error", *_PACKAGES]
    try:
        done = subprocess.run(
            command, cwd=home, capture_output=True, text=True, timeout=_INSTALL_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotHere(f"npm had not installed PouchDB after {_INSTALL_S:.0f} s") from error
    if done.returncode:
        raise NotHere(f"npm could not install PouchDB: {done.stderr.strip()[-200:]}")
    yield home


def documents(frames: Sequence[Frame], file: Path) -> None:
    """Write events as PouchDB's documents, one line each."""
    with file.open("w", encoding="utf-8") as lines:
        for seq, frame in enumerate(frames, start=1):
            document = {"_id": f"{seq:012d}", "kind": frame.kind, **json.loads(frame.body)}
            lines.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")


def replicate(home: Path, folder: Path, file: Path, count: int) -> tuple[float, int]:
    """Replicate the documents of a file; return the seconds and the bytes that were sent."""
    node = shutil.which("node") or "node"
    server = subprocess.Popen(
        [node, "-e", _SERVER, str(folder)],
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        arguments = [str(folder), port, str(file), str(BATCH)]
        done = subprocess.run(
            [node, "-e", _TILL, *arguments],
            cwd=home,
            capture_output=True,
            text=True,
            timeout=_REPLICATE_S,
            check=True,
        )
        written, seconds = json.loads(done.stdout)
        if written != count:
            raise RuntimeError(f"PouchDB wrote {written} of {count} documents")
        sent, _ = server.communicate("how many\n", timeout=_REPLICATE_S)
        return float(seconds), int(sent)
    finally:
        server.kill()
        server.wait()
