"""How long a process of the local stack lives: no longer than who started it."""

import ctypes
import os
import signal
import sys
from types import FrameType

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Has the kernel end this process when its parent dies, however that dies. Linux only; elsewhere nothing."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the kernel knew
        raise SystemExit(0)


def exit_on_terminate() -> None:
    """Makes SIGTERM end this process as Ctrl-C does, through `finally` and `with`; Ctrl-C itself is the parent's.

    A terminal sends Ctrl-C to parent and children alike; the parent stops its children in its own order.
    """

    def leave(_signal: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
