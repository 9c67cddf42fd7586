"""What in the account needs a person, by theme, and how findings open, change and close. Pure."""

from reconciliation.findings.account import examine_funds, examine_line, examine_past, examine_unexplained
from reconciliation.findings.applications import Stranger, examine_strangers
from reconciliation.findings.deposits import examine_orphans
from reconciliation.findings.items import examine_items
from reconciliation.findings.objects import OBJECT_KINDS, examine_objects
from reconciliation.findings.observation import Examined, Observation, as_before, order_of, update, worth_telling
from reconciliation.findings.orders import (
    MONEY_KINDS,
    ORDER_KINDS,
    PAY_WITHIN,
    Circumstances,
    examine_order,
    refund_is_overdue,
)
from reconciliation.findings.registries import examine_registries, registry_evidence, registry_subject
from reconciliation.findings.rows import examine_rows

__all__ = [
    "MONEY_KINDS",
    "OBJECT_KINDS",
    "ORDER_KINDS",
    "PAY_WITHIN",
    "Circumstances",
    "Examined",
    "Observation",
    "Stranger",
    "as_before",
    "examine_funds",
    "examine_items",
    "examine_line",
    "examine_objects",
    "examine_order",
    "examine_orphans",
    "examine_past",
    "examine_registries",
    "examine_rows",
    "examine_strangers",
    "examine_unexplained",
    "order_of",
    "refund_is_overdue",
    "registry_evidence",
    "registry_subject",
    "update",
    "worth_telling",
]
