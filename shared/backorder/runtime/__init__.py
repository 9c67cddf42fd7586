"""What every function runs on: the clock, its settings, logs and metrics, messages, cells of CSV files."""
