"""The documents that functions leave for each other in the store."""
