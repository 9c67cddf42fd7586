"""The provider's backorder service on this machine: a second, independent implementation of what provider-api.md says.

It imports nothing from the pipeline, so that one mistake cannot hide in both.
"""

from .emulator import Emulator
from .options import FaultMix, Options
from .server import EmulatorServer
from .wire import Delivery

__all__ = ["Delivery", "Emulator", "EmulatorServer", "FaultMix", "Options"]
