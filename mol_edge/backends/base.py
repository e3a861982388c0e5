"""What every runtime offers: open, run, close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mol_edge.errors import OptionError

Tensors = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True)
class BackendOptions:
    """How a runtime uses the machine.

    Attributes:
        threads: threads of one inference; 0 takes the physical cores, at most 4.
        precision: which precision of the bundle to run.
        cache_dir: where a runtime may keep compiled models; None keeps none.
    """

    threads: int = 0
    precision: str = "fp32"
    cache_dir: Path | None = None

    def __post_init__(self) -> None:
        if self.threads < 0:
            raise OptionError(f"threads must be 0 (automatic) or more, got {self.threads}.")


class Backend(Protocol):
    """A bundle's graphs on one device. One call at a time per instance, from any thread."""

    @property
    def device(self) -> str:
        """The device in full, such as ``onnxruntime:cpu``."""
        ...

    def run(self, graph: str, inputs: Tensors) -> dict[str, NDArray[np.generic]]:
        """Run one graph of the bundle; inputs and outputs are named as in the manifest."""
        ...

    def close(self) -> None:
        """Give back what the runtime holds."""
        ...
