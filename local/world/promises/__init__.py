"""The promises: each a pure function of what a run left behind, as evidence, that yields what breaks it."""
