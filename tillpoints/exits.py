"""The exit codes that scripts and store IT rely on, as errors a command may raise.

0 is success and 2 is click's own for wrong usage; these are the rest. A room raises its own
errors; the command that called it decides which of these it means.
"""

import click


class Failure(click.ClickException):
    """Exit 1: the command did its work and the answer is no, such as a broken journal."""

    exit_code = 1


class ConfigurationFailure(click.ClickException):
    """Exit 3: a configuration file is missing, unreadable or says something impossible."""

    exit_code = 3


class DeviceFailure(click.ClickException):
    """Exit 4: a printer, scanner or port that the command needs does not work."""

    exit_code = 4


class SyncFailure(click.ClickException):
    """Exit 5: central cannot be reached or refused what was sent."""

    exit_code = 5
