"""The provider: what the functions ask of it (`port.py`), and who answers (`hexonet/`; `wiring.py` chooses)."""
