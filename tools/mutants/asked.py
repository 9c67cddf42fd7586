"""The test command of cosmic-ray: `tester.py` runs the tests, and this ends with 0 if they pass. It starts at once."""

import socket
import sys

with socket.socket(socket.AF_UNIX) as asked:
    asked.connect(sys.argv[1])
    sys.exit(asked.recv(1) != b"1")
