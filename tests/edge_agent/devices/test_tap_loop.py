"""The loop that moves bytes: nothing that goes wrong beside a connection may end it."""

import threading

import pytest

from edge_agent.devices.tap.loop import NEVER, Loop


class Clumsy:
    """A member whose deadline fails once."""

    def __init__(self):
        self.ticks = 0

    def tick(self, now_s):
        self.ticks += 1
        if self.ticks == 1:
            raise ValueError("a closed socket was asked for its number")
        return NEVER


@pytest.fixture
def loop():
    loop = Loop()
    thread = threading.Thread(target=loop.run, args=(lambda: loop.stopping,))
    thread.start()
    yield loop
    loop.stop()
    thread.join()
    loop.close()


def test_a_posted_call_that_fails_is_said_and_the_next_one_runs(loop):
    loop.post(lambda: 1 // 0)
    assert loop.ask(lambda: "still here", 10) == "still here"
    assert "ZeroDivisionError" in loop.last_error


def test_a_deadline_that_fails_is_said_and_comes_again(loop, eventually):
    clumsy = Clumsy()
    loop.post(lambda: loop.members.append(clumsy))
    eventually(lambda: clumsy.ticks >= 2)
    assert "a closed socket" in loop.last_error
