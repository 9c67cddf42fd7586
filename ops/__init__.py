"""What one does to a running stack, deployed or local: `python -m ops`. Stands on `shared/backorder` alone."""
