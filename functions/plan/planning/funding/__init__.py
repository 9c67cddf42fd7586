"""Which backorders the account can fund, and when each is placed: purely decided."""
