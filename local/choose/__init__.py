"""`python -m local choose`: what the rules would order from a list, why, and for how much, without any service."""
