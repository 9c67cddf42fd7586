"""What deploys and starts the stack on this machine: moto with the template, the emulator, and their processes."""
