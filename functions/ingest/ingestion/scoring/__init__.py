"""How good a name is, from 0 to 10, and why: a score is the sum of what is told for each of its parts."""

from __future__ import annotations

from ingestion.scoring.score import Score, Scorer

__all__ = ["Score", "Scorer"]
