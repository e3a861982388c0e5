"""Running a bundle's graphs: `open_backend` chooses the runtime, one file per runtime."""

from mol_edge.backends.base import Backend, BackendOptions
from mol_edge.backends.choose import open_backend
from mol_edge.backends.device import Device

__all__ = ["Backend", "BackendOptions", "Device", "open_backend"]
