"""The way between one device and central, with everything that can happen on it.

Implements `edge_agent.sync.calls.Transport`. A request may be dropped, held back and delivered
long after the device gave up, or delivered twice; a reply may be lost or cut off.
"""

from collections.abc import Callable, Mapping

from edge_agent.sync.calls import Offline, Reply
from tillpoints.simulation.world import World

_TIMEOUT_MS = 15_000
#: Carries bytes to central: path, headers, body (None asks for a file); None: nobody answers.
Deliver = Callable[[str, Mapping[str, str], bytes | None], tuple[int, bytes] | None]


class Died(Exception):
    """The process that waits for this has been killed meanwhile."""


class Line:
    """One device's line. `alive()` tells whether the process that called is still there.

    `back_ms()` is the moment at which central, if it is down, answers again.
    """

    def __init__(
        self, world: World, name: str, deliver: Deliver, back_ms: Callable[[], int]
    ) -> None:
        self._world = world
        self._name = name
        self._deliver = deliver
        self._back_ms = back_ms
        self._cut_until_ms = 0
        self.alive: Callable[[], Callable[[], bool]] = lambda: lambda: True

    def cut(self, for_ms: int) -> None:
        """Let nothing through for a while."""
        self._cut_until_ms = self._world.now_ms + for_ms

    def heal(self) -> None:
        """Let everything through."""
        self._cut_until_ms = 0

    def dead_ms(self) -> int:
        """Return for how long nothing can come of a call from now on."""
        return max(self._cut_until_ms, self._back_ms(), self._world.now_ms) - self._world.now_ms

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Reply | Offline:
        """Carry one request there and its reply back."""
        return self._call(path, headers, body)

    def get(self, path: str, headers: Mapping[str, str]) -> Reply | Offline:
        """Ask for a file or a part of it and carry it back."""
        return self._call(path, headers, None)

    def _call(self, path: str, headers: Mapping[str, str], body: bytes | None) -> Reply | Offline:
        world, rng = self._world, self._world.chance(f"line {self._name}")
        began_ms, alive = world.now_ms, self.alive()
        world.pass_time(rng.randrange(5, 60))
        reply = self._carry(path, headers, body)
        if isinstance(reply, Offline):
            slow = reply.why == "timeout"
            world.pass_time(_TIMEOUT_MS if slow else rng.randrange(1, 3_000))
        else:
            world.pass_time(rng.randrange(5, 60))
        if not alive():
            raise Died(self._name)
        if isinstance(reply, Offline):
            world.trace(self._name, path, reply.why)
            return reply
        status, answer = reply
        world.trace(self._name, path, status, len(answer))
        return Reply(status, answer, (world.now_ms - began_ms) / 1000)

    def _carry(
        self, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes] | Offline:
        world, rng = self._world, self._world.chance(f"line {self._name}")
        if world.now_ms < self._cut_until_ms:
            return Offline("unreachable", "the line is cut")
        if world.fault("drop", 0.1):
            return Offline("timeout", "the request was dropped")
        if world.fault("late", 0.05):
            self._again(rng.randrange(20_000, 4_000_000), path, headers, body)
            return Offline("timeout", "the request is still on its way")
        if world.fault("duplicate", 0.08):
            self._again(rng.randrange(10, 400_000), path, headers, body)
        answer = self._deliver(path, headers, body)
        if answer is None:
            return Offline("unreachable", "nobody answers")
        if world.fault("lost_reply", 0.1):
            return Offline("timeout", "the reply was lost")
        if world.fault("truncated", 0.05):
            return answer[0], answer[1][: rng.randrange(len(answer[1]) + 1)]
        return answer

    def _again(
        self, delay_ms: int, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> None:
        def deliver() -> None:
            reply = self._deliver(path, headers, body)
            self._world.trace(self._name, "again", path, reply and reply[0])

        self._world.after(delay_ms, deliver)
