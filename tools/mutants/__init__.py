"""Plants bugs one by one in a pure module, with cosmic-ray, and says which of them no test of `make test` notices."""
