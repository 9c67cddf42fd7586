"""`python -m local run`: lists taken through their whole life on this machine, with the code that runs in Lambda."""
