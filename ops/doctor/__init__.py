"""`doctor`: finds what would cost a day, before it does. Reads only, at the provider and in AWS."""
