"""``kibo-simulator ctl``: takes a running simulator in hand from the command line, through its control plane.

A module of commands for one subject offers them in ``COMMANDS`` and is named once in `command.MODULES`. It speaks
HTTP through `connection` and shows what came back through `output`; it knows nothing of the simulator's inside.
"""

from kibo_simulator.ctl.command import ctl

__all__ = ["ctl"]
