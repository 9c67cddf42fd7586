"""A stack in moto, whose queues and schedules are played on the emulator's clock."""
