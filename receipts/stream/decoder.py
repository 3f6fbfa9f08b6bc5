"""A printer stream decoded: what would stand on the paper, as it would stand there.

Owns the way from bytes to elements: finding the dialect, running the commands, replaying macros.
It must never raise for any bytes, never hold more than its bounds, and cutting the stream
elsewhere must never change what comes out.
"""

from collections.abc import Iterable

from receipts.stream import graphics
from receipts.stream.commands import COMMANDS
from receipts.stream.dialects import DIALECTS, SNIFF_BYTES, sniff
from receipts.stream.elements import Doubt, Element
from receipts.stream.held import Held
from receipts.stream.lexer import Kind, Lexer, Token
from receipts.stream.printer import Printer
from receipts.stream.star_commands import STAR_COMMANDS

MACRO_MAX = 2048
MACRO_RUNS_MAX = 64

_DOUBTS = {Kind.UNKNOWN: "unknown_command", Kind.TRUNCATED: "truncated"}


class Decoder:
    """Turns pieces of a printer stream into elements.

    `dialect` names the printer language, None detects it from the first bytes of each job. `feed`
    returns the elements of documents that ended in the piece, `close` the rest; the decoder then
    takes the next job of the same connection. Raises ValueError for a dialect that is not in
    `receipts.stream.dialects.DIALECTS`.
    """

    def __init__(self, dialect: str | None = None) -> None:
        if dialect is not None and dialect not in DIALECTS:
            raise ValueError(f"unknown dialect {dialect!r}; known: {', '.join(sorted(DIALECTS))}")
        self._wanted = dialect
        self._held = Held()
        self._head = bytearray()  # what came before the dialect was known
        self._lexer: Lexer | None = None
        self._printer = Printer(DIALECTS["epson"], self._held)
        self._acts = COMMANDS
        self._start()

    def _start(self) -> None:
        self._lexer = None
        self._at = 0
        self._macro = bytearray()
        self._recording = False
        self._macro_runs = 0

    @property
    def dialect(self) -> str | None:
        """The dialect in use, None while it is not yet detected."""
        return self._printer.dialect.name if self._lexer is not None else self._wanted

    def feed(self, data: bytes) -> list[Element]:
        """Return the elements of the documents that `data` completes."""
        lexer = self._lexer
        if lexer is None:
            self._head += data
            if len(self._head) < SNIFF_BYTES:
                return []
            lexer, data = self._begin()
        if not self._printer.dialect.label:
            self._take(lexer.feed(data))
        return self._held.taken()

    def close(self) -> list[Element]:
        """Return what is left; a command or document cut off in the middle ends here."""
        lexer = self._lexer
        if lexer is None:
            lexer, rest = self._begin()
            if not self._printer.dialect.label:
                self._take(lexer.feed(rest))
        self._take(lexer.close())
        self._printer.end_rows()
        self._printer.end_line(self._at)
        self._printer.print_page()
        self._printer.release()
        self._start()
        return self._held.taken()

    def _begin(self) -> tuple[Lexer, bytes]:
        head = bytes(self._head)
        self._head.clear()
        dialect = DIALECTS[self._wanted or sniff(head)]
        self._printer = Printer(dialect, self._held)
        self._acts = STAR_COMMANDS if dialect.star else COMMANDS
        self._lexer = Lexer(dialect)
        if dialect.label:
            self._printer.hold(Doubt("label", "a label language: never a receipt"))
        return self._lexer, head

    def _take(self, tokens: Iterable[Token]) -> None:
        printer = self._printer
        for token in tokens:
            kind = token.kind
            self._at = token.end
            if self._recording:
                self._record(token)
            if kind is Kind.STAR_ROWS:
                if not printer.display:
                    printer.star_rows(*graphics.star_rows(token), token)
                continue
            if printer.rows:
                printer.end_rows()
            if kind is Kind.COMMAND:
                self._command(token)
            elif printer.display:
                continue
            elif kind is Kind.LINES:
                printer.lines(token.data, token.offset)
            elif kind is Kind.TEXT:
                printer.text(token.data, token.offset)
            elif kind is Kind.CONTROL:
                printer.control(token)
            elif kind in _DOUBTS:
                printer.doubt(_DOUBTS[kind], token)

    def _command(self, token: Token) -> None:
        printer = self._printer
        key = token.data[:2]
        act = self._acts.get(key)
        if act is not None:
            if not printer.display:
                act(printer, token)
        elif key == b"\x1b=":  # ESC = n: bit 0 printer, bit 1 customer display
            printer.display = token.data[2] & 3 == 2
        elif printer.display:
            return
        elif key == b"\x1d:":
            self._macro_switch()
        elif key == b"\x1d^":
            self._macro_run(token)

    # -- macros: GS : starts and ends a definition, GS ^ r t m runs it --------------------------

    def _macro_switch(self) -> None:
        self._recording = not self._recording
        if self._recording:
            self._macro.clear()

    def _record(self, token: Token) -> None:
        if token.data[:2] != b"\x1d:":
            self._macro += token.data[: MACRO_MAX - len(self._macro)]

    def _macro_run(self, token: Token) -> None:
        if self._recording or not self._macro:
            return
        for _ in range(token.data[2]):
            if self._macro_runs >= MACRO_RUNS_MAX:
                self._printer.doubt("macro", token)
                return
            self._macro_runs += 1
            # All that a macro prints stands where it was run, so its lines go one by one.
            lexer = Lexer(self._printer.dialect, whole=False)
            self._take(
                inner._replace(offset=token.offset, end=token.end)
                for inner in lexer.feed(bytes(self._macro))
                if inner.data[:2] not in (b"\x1d^", b"\x1d:")
            )
