"""What one run reads of the account at the provider."""
