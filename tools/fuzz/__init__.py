"""Ingestion, fed with lists in every form and with what is left of them after damage: nothing may crash, hang, or be
counted wrong."""
