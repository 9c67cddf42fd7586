"""`python -m tools simulate`: whole runs in one process, with everything that can go wrong drawn from a seed.

The functions' own code runs in virtual time (`local.world.virtual`), on the store in memory, against the emulator.
"""
