"""How much memory this process has, as Linux counts it."""

from __future__ import annotations

from pathlib import Path


def resident_now() -> float:
    """Return what it holds, in MB."""
    return _status("VmRSS")


def resident_peak() -> float:
    """Return the most that it held since `forget_peak`, in MB."""
    return _status("VmHWM")


def forget_peak() -> None:
    """Let the most that it held be measured anew from here on (proc(5), clear_refs)."""
    Path("/proc/self/clear_refs").write_text("5")


def _status(field: str) -> float:
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{field}:")]
    return int(line.split()[1]) / 1024
