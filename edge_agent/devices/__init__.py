"""Everything with a cable: scanners, printers, the tap; virtual devices beside them.

Devices run in threads (the tap in a process) of their own and only leave messages: on a queue, or
as files in a folder. Nothing here decides what a message means.
"""
