"""`python -m tools simulate`: whole runs in one process, with everything that can go wrong drawn from a seed.

The functions' own code runs on the store in memory against the emulator. What is swapped is what would bring chance or
waiting: threads and time (`scheduler`, `pool`), the wire (`wire`), the queues (`queue`), S3 (`objects`).
"""
