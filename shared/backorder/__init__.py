"""The layer: what two functions or more use, and nothing else."""

__version__ = "0.1.0"
