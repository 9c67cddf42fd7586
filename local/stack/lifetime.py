"""How long a process of the local stack lives: no longer than who started it."""

import ctypes
import os
import signal
import sys
from types import FrameType

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent() -> None:
    """Has the kernel end this process when its parent dies, however that dies; it outlives an `exec`.

    Linux only, elsewhere nothing. The parent is the thread that started it: start processes from one that stays.
    """
    if _LIBC is None:
        return
    parent = os.getppid()
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the kernel knew
        os._exit(1)


def heed_signals() -> None:
    """Makes Ctrl-C and SIGTERM leave through every `with` and `finally`, so that nothing is left behind.

    Ctrl-C, too: in the background of a script SIGINT is ignored from the start, and Python then installs no handler.
    """

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, leave)
