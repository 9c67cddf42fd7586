"""The provider's public test account, which the emulator knows; and the password that it has after a rotation."""

from __future__ import annotations

USER = "test.user"
PASSWORD = "test.passw0rd"  # noqa: S105 - the provider's public test account, as the emulator's # nosec B105
NEXT_PASSWORD = "an0ther.passw0rd"  # noqa: S105 - of nothing but the emulator # nosec B105


def is_leaked_in(text: str) -> bool:
    """Tell whether a text has a password in it."""
    return PASSWORD in text or NEXT_PASSWORD in text
