"""Chance that can be repeated: a draw is a hash of the seed and of what it is for, never of what happened before."""

from hashlib import blake2b

from .options import Options

_SPAN = float(2**64)


def draw(seed: int, *about: str) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    digest = blake2b("\x1f".join((str(seed), *about)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / _SPAN


def whole(seed: int, *about: str, below: int) -> int:
    """A whole number from 0 to `below` - 1."""
    return int(draw(seed, *about) * below)


def outcome_of_drop(options: Options, domain: str) -> str:
    """SUCCESSFUL, AUCTION-PENDING (a share of what is caught) or FAILED for a name whose outcome nobody set."""
    if draw(options.seed, "caught", domain) >= options.win_rate:
        return "FAILED"
    wanted = draw(options.seed, "wanted by several", domain) < options.auction_rate
    return "AUCTION-PENDING" if wanted else "SUCCESSFUL"


def outcome_of_auction(options: Options, domain: str) -> str:
    """AUCTION-WON or AUCTION-LOST; SUCCESSFUL if nobody bid, which gives the name to the earliest application."""
    chance = draw(options.seed, "auction", domain)
    if chance < 0.3:
        return "SUCCESSFUL"
    return "AUCTION-WON" if chance < 0.65 else "AUCTION-LOST"


def score_of(options: Options, domain: str) -> int:
    """0 to 10, the provider's own scale in its pending-delete list; what it measures is not documented."""
    return whole(options.seed, "score", domain, below=11)
