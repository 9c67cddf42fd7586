"""Calls that name many objects, where one of them may be refused: the others are asked for without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from backorder.provider.errors import ProviderError, Scope

T = TypeVar("T")

IN_VAIN = 16
"""So many refusals before anything was answered are about the command, whatever they say."""


def one_by_one(
    names: Sequence[str], ask: Callable[[Sequence[str]], Mapping[str, T]]
) -> tuple[dict[str, T], dict[str, ProviderError]]:
    """What `ask` says of each name, and which could not be asked for, each with why. Never raises `ProviderError`.

    A call that is refused for an object is split in halves until that object stands alone; one that fails for any other
    reason (no answer, a refused account) would fail for every part, and ends the asking.
    """
    answers: dict[str, T] = {}
    refused: dict[str, ProviderError] = {}
    waiting = [names] if names else []
    in_vain = 0
    while waiting:
        part = waiting.pop()
        try:
            answers.update(ask(part))
        except ProviderError as error:
            in_vain += not answers
            if error.scope is not Scope.OBJECT or in_vain >= IN_VAIN:
                left = [name for some in (part, *waiting) for name in some]
                return answers, {**refused, **dict.fromkeys(left, error)}
            if len(part) == 1:
                refused[part[0]] = error
            else:
                half = len(part) // 2
                waiting += [part[half:], part[:half]]
    return answers, refused
