"""Where backorders, postings, findings and lists are kept. Two implementations pass the same contract tests:
`store.dynamodb` in Lambda, `local.memory_store` for simulations and large runs on one machine."""

from backorder.store.protocol import Conflict, ListRecord, NotUnderstood, SetAside, Store, TooLarge

__all__ = ["Conflict", "ListRecord", "NotUnderstood", "SetAside", "Store", "TooLarge"]
