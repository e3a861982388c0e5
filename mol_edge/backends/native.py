"""The C++ core's own inference, in float32 on CPUs: needs no runtime beside mol-edge itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge import _core
from mol_edge.backends.base import BackendOptions, Tensors
from mol_edge.backends.device import Device
from mol_edge.backends.native_weights import native_weights
from mol_edge.backends.session import Runner, SessionBackend
from mol_edge.bundle import Bundle
from mol_edge.errors import ArrayError, DeviceError

PRECISION = "fp32"
_AWAKE_US = {"latency": 300, "shared": 30}
"""For how long threads look out for work before they sleep: over the Python between two graphs, or
over what one thread does alone within a graph."""

_TENSORS = {
    "features": (("frames",), ("first", "second", "parts", "landmarks")),
    "encoder": (("frames",), ("enc2", "enc3")),
    "flow": (
        ("frames", "enc2", "enc3", "enc3_next", "first", "second_next"),
        ("flow",),
    ),
    "head": (("parts",), ("logits",)),
}
"""Inputs and outputs in the order in which the core takes them."""

_FRAMES, _PAIRS = 8, 7


class NativeBackend(SessionBackend):
    """A bundle's graphs in the C++ core; see `SessionBackend`.

    Large convolutions are computed by tiles (Lavin and Gray 2016), weights that meet a zero are not
    read, and nothing is copied to be multiplied. `clip` is put together from the other graphs.
    """

    def __init__(self, bundle: Bundle, device: Device, options: BackendOptions) -> None:
        super().__init__(bundle, device, options)
        if options.precision != PRECISION:
            raise DeviceError(
                f"{self.device} computes the precision {PRECISION} and was asked for "
                f"{options.precision}: use onnxruntime or openvino for that."
            )
        self._team = _core.Team(self.threads, _AWAKE_US[options.profile])
        self._parts: dict[str, Callable[..., None]] = {}
        self._head: Any = None

    def run_into(self, graph: str, inputs: Tensors, outputs: Tensors) -> None:
        """Run one graph of the bundle into arrays that the caller keeps; see `SessionBackend`.

        The core checks arrays by itself, in less time. What it refuses is looked at again by the
        names and types of the manifest, which says more and copies what is not contiguous.
        """
        compute, names = self._parts.get(graph), _TENSORS.get(graph)
        if compute is not None and names is not None:
            takes, gives = names
            if len(takes) == len(inputs) and len(gives) == len(outputs):
                try:
                    arrays = [inputs[name] for name in takes]
                    arrays += [outputs[name] for name in gives]
                    with self._lock:
                        return compute(*arrays)
                except (ArrayError, KeyError):
                    pass
        super().run_into(graph, inputs, outputs)

    def classify_rows(
        self,
        store: NDArray[np.float32],
        windows: Sequence[Sequence[int]],
        logits: NDArray[np.float32],
    ) -> None:
        """Run `head` on samples where they lie, so that no window has to be gathered.

        Args:
            store: float32 [rows, 6, 32, 8, 8], the `parts` of frames.
            windows: eight rows of it for each window.
            logits: float32 [windows, classes], written.

        Raises:
            ArrayError: an array of another type or shape, or a row that is not there.
        """
        with self._lock:
            self._part("head")
            self._head.run_rows(self._team, store, windows, logits)

    def _load(self, graph: str, form: str) -> Runner:
        if graph == "clip":
            return self._run_clip
        compute = self._part(graph, form)
        inputs, outputs = _TENSORS[graph]

        def run(given: Tensors, into: Tensors) -> None:
            compute(*(given[name] for name in inputs), *(into[name] for name in outputs))

        return run

    def _part(self, graph: str, form: str = "onnx") -> Callable[..., None]:
        """A small graph as a function of its inputs and outputs in order."""
        if graph not in self._parts:
            read = native_weights(graph, self.bundle.graph(graph, PRECISION, form).onnx())
            made: Any
            if graph == "features":
                made = _core.FeaturesGraph(read.values, read.neighbours)
            elif graph == "encoder":
                made = _core.EncoderGraph(read.values)
            elif graph == "flow":
                made = _core.FlowGraph(read.values)
            else:
                made = self._head = _core.HeadGraph(read.values)
            self._parts[graph] = lambda *arrays: made.run(self._team, *arrays)
        return self._parts[graph]

    def _run_clip(self, given: Tensors, into: Tensors) -> None:
        for clip, logits, flow, landmarks in zip(
            given["clip"], into["logits"], into["flow"], into["landmarks"]
        ):
            frames = np.ascontiguousarray(clip.reshape(_FRAMES, 1, *clip.shape[-2:]))
            features = self._outputs("features", _FRAMES)
            self._part("features")(frames, *features.values())
            encoded = self._outputs("encoder", _FRAMES)
            self._part("encoder")(frames, *encoded.values())
            fields = self._outputs("flow", _PAIRS)["flow"]
            self._part("flow")(
                frames[:-1],
                encoded["enc2"][:-1],
                encoded["enc3"][:-1],
                encoded["enc3"][1:],
                features["first"][:-1],
                features["second"][1:],
                fields,
            )
            self._part("head")(features["parts"][np.newaxis], logits[np.newaxis])
            flow[:] = np.moveaxis(fields, 0, -1)
            landmarks[:] = features["landmarks"][1:].T

    def _outputs(self, graph: str, batch: int) -> dict[str, Any]:
        there = self.outputs_of(graph)
        return {
            name: np.empty([batch, *map(int, there[name].shape[1:])], np.float32)
            for name in _TENSORS[graph][1]
        }

    def _release(self) -> None:
        super()._release()
        self._parts.clear()
        self._head = None
