"""What developers of the pipeline run, on top of `local/`."""
