"""The client of the 1API backorder service. docs/provider.md says what is known of it and what is assumed."""
