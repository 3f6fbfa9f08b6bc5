"""The only room that speaks to central: enrol, push, pull, and the few calls made while one waits.

What is decided is in pure functions (`push.py`, `pacing.py`); `transport.py` alone opens sockets.
A missing network is an ordinary value here, `Offline`, never an exception.
"""
