"""Benchmarks: each prints ratios between things measured in the same run, for this machine's clock says little."""
