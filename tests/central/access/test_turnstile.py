import threading

import pytest

from central.access.turnstile import AT_WORK, FROM_ONE_PLACE, INSIDE, Crowded, Turnstile


class Crowd:
    """People who stand in a turnstile until they are told to leave."""

    def __init__(self, turnstile):
        self.turnstile = turnstile
        self.leave = threading.Event()
        self.at_work = threading.Semaphore(0)
        self.threads = []

    def come(self, place):
        """Send one in, and see it inside."""
        before = self.turnstile._inside.total()
        thread = threading.Thread(target=self._pass, args=(place,))
        thread.start()
        self.threads.append(thread)
        while self.turnstile._inside.total() == before:
            thread.join(0.001)

    def _pass(self, place):
        with self.turnstile.passing(place):
            self.at_work.release()
            assert self.leave.wait(10)


@pytest.fixture
def crowd():
    crowd = Crowd(Turnstile())
    yield crowd
    crowd.leave.set()
    for thread in crowd.threads:
        thread.join(10)
        assert not thread.is_alive()


def test_one_place_has_only_so_many_inside(crowd):
    for _ in range(FROM_ONE_PLACE):
        crowd.come("10.0.0.1")
    with pytest.raises(Crowded), crowd.turnstile.passing("10.0.0.1"):
        pass
    crowd.come("10.0.0.2")


def test_all_places_have_only_so_many_inside_and_fewer_at_work(crowd):
    for number in range(INSIDE):
        crowd.come(str(number))
    for _ in range(AT_WORK):
        assert crowd.at_work.acquire(timeout=5)
    assert not crowd.at_work.acquire(blocking=False)
    with pytest.raises(Crowded), crowd.turnstile.passing("another"):
        pass


def test_who_leaves_makes_room_and_is_forgotten(crowd):
    for _ in range(FROM_ONE_PLACE):
        crowd.come("10.0.0.1")
    crowd.leave.set()
    for thread in crowd.threads:
        thread.join(10)
    with crowd.turnstile.passing("10.0.0.1"):
        assert dict(crowd.turnstile._inside) == {"10.0.0.1": 1}
    assert not crowd.turnstile._inside


def test_an_error_inside_makes_room_too():
    turnstile = Turnstile()
    for _ in range(2 * INSIDE):
        with pytest.raises(KeyError), turnstile.passing("x"):
            raise KeyError
