"""The user's one file, `rules.toml`: what it may say, and what is wrong with it where it is wrong.

It is validated when it is uploaded. Functions use the last good version, which is kept in the table; a broken one
changes nothing. Amounts are gross, in the account's currency, written as strings or whole numbers: a TOML float is
not exact.
"""

from backorder.rules.choice import Keywords, Select, Weights
from backorder.rules.faults import RulesError, in_short
from backorder.rules.file import Messages, Rules, parse_rules
from backorder.rules.kept import (
    RULES_DOCUMENTS,
    BrokenRules,
    KeptRules,
    RulesOutdated,
    broken_rules,
    forget_broken_rules,
    keep_rules,
    kept_rules,
    last_good_rules,
    note_broken_rules,
)
from backorder.rules.orders import OrderSettings, Provider, ZoneOrders
from backorder.rules.spending import Funding, Limits, ZoneFees

__all__ = [
    "RULES_DOCUMENTS",
    "BrokenRules",
    "Funding",
    "KeptRules",
    "Keywords",
    "Limits",
    "Messages",
    "OrderSettings",
    "Provider",
    "Rules",
    "RulesError",
    "RulesOutdated",
    "Select",
    "Weights",
    "ZoneFees",
    "ZoneOrders",
    "broken_rules",
    "forget_broken_rules",
    "in_short",
    "keep_rules",
    "kept_rules",
    "last_good_rules",
    "note_broken_rules",
    "parse_rules",
]
