"""Regular expressions of a user's, which can hang nobody: RE2 matches in time linear to the text.

Python's own engine tries all ways in which an expression may match, and `(a+)+$` has more of them in one label than a
function has time. RE2 takes the same syntax without what needs such trying: look-around and back references.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import re2

_MOST_MEMORY = 1 << 20
"""Bytes of a compiled expression, which bounds the time as well: `.{999}` a few times over is refused."""
_look_around = re.compile(r"invalid perl operator: \(\?<?[=!]|invalid escape sequence: \\[1-9]").match


class BadExpression(ValueError):
    """A text is no regular expression that can be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A regular expression in the syntax of RE2. Raises BadExpression for a text that is none."""

    text: str

    def __post_init__(self) -> None:
        _compiled(self.text)

    def is_in(self, label: str) -> bool:
        """Whether it is found anywhere in `label`, unless it is anchored."""
        return _compiled(self.text).search(label) is not None


@lru_cache(maxsize=16)
def _compiled(text: str) -> re2._Regexp:
    options = re2.Options()
    options.max_mem = _MOST_MEMORY
    # It would write to stderr by itself.
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0]
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        if _look_around(told):
            told += " (look-around and back references are not supported: they can take for ever)"
        raise BadExpression(told) from None
    except UnicodeEncodeError:
        raise BadExpression("half of a character is in it") from None
