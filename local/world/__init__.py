"""The one harness: what AWS does around the functions, and what must hold whatever happens.

Schedules, the poller's rules and the promises are stated here once, for two back ends. `moto` runs the functions on a
stack that is deployed into moto, on the emulator's clock, for `local run` and integration tests. `virtual` runs them in
virtual time, on a store in memory, and kills them anywhere, for `tools simulate`.
"""
