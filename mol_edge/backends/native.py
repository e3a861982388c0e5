"""The C++ core's own inference on CPUs, in float32 or bytes: needs no runtime beside mol-edge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from mol_edge import _core
from mol_edge.backends.base import BackendOptions, Tensors
from mol_edge.backends.device import NATIVE_PRECISIONS, Device
from mol_edge.backends.mending import ELSEWHERE
from mol_edge.backends.native_weights import NativeWeights, native_weights
from mol_edge.backends.session import Runner, SessionBackend
from mol_edge.bundle import Bundle
from mol_edge.errors import ArrayError, DeviceError, OptionError
from mol_edge.graph_info import GraphInfo, TensorInfo
from mol_edge.slots import empty_by_pixels, is_by_pixels

AWAKE_US = {"latency": 300, "shared": 30}
"""For how long threads look out for work before they sleep: over the Python between two graphs, or
over what one thread does alone within a graph."""

TENSORS = {
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

Compute = Callable[..., None]
Outputs = Mapping[str, TensorInfo]


class NativeBackend(SessionBackend):
    """A bundle's graphs in the C++ core; see `SessionBackend`.

    Large convolutions are computed by tiles (Lavin and Gray 2016), weights that meet a zero are not
    read, and nothing is copied to be multiplied. In eight bits flow's convolutions, that of
    landmarks and the expression columns are computed in bytes (`native_bytes`); what graphs hand to
    each other are floats in either precision, in arrays that may lie as the core computes maps
    (`empty`). `clip` is put together from the other graphs.
    """

    def __init__(self, bundle: Bundle, device: Device, options: BackendOptions) -> None:
        super().__init__(bundle, device, options)
        if options.precision not in NATIVE_PRECISIONS:
            raise DeviceError(
                f"{self.device} computes the precisions {' and '.join(NATIVE_PRECISIONS)} "
                f"and was asked for {options.precision}: use onnxruntime or openvino for that."
            )
        self._team: _core.Team | None = _core.Team(self.threads, AWAKE_US[options.profile])
        self._parts: dict[str, Compute] = {}
        self._head: Any = None

    @staticmethod
    def empty(shape: Sequence[int], dtype: DTypeLike) -> NDArray[Any]:
        """An array for what graphs hand to each other; see `mol_edge.slots.empty_by_pixels`."""
        return empty_by_pixels(shape, dtype)

    def _lies_well(self, array: NDArray[Any]) -> bool:
        return super()._lies_well(array) or (bool(array.flags.aligned) and is_by_pixels(array))

    def run_into(self, graph: str, inputs: Tensors, outputs: Tensors) -> None:
        """Run one graph of the bundle into arrays that the caller keeps; see `SessionBackend`.

        The core checks arrays by itself, in less time. What it refuses is looked at again by the
        names and types of the manifest, which says more and copies what is not contiguous.
        """
        compute, names = self._parts.get(graph), TENSORS.get(graph)
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
            self._opened("head")
            try:
                self._guard(lambda: self._head.run_rows(self._team, store, windows, logits))
            except DeviceError as error:
                if not isinstance(error.__cause__, TypeError):
                    raise
                raise ArrayError(
                    f"windows must be lists of eight whole numbers, got {windows!r:.100}."
                ) from error

    def _info(self, graph: str, form: str) -> GraphInfo:
        """What the core hands from graph to graph are floats, where a bundle has integers too."""
        info = super()._info(graph, form)
        return replace(info, inputs=_in_floats(info.inputs), outputs=_in_floats(info.outputs))

    def _load(self, graph: str, form: str) -> Runner:
        if graph == "clip":
            return _clip_of(
                {part: self._part(part) for part in TENSORS},
                {part: self.outputs_of(part) for part in TENSORS},
            )
        compute = self._part(graph, form)
        inputs, outputs = TENSORS[graph]

        def run(given: Tensors, into: Tensors) -> None:
            compute(*(given[name] for name in inputs), *(into[name] for name in outputs))

        return run

    def _part(self, graph: str, form: str = "onnx") -> Compute:
        """A small graph as a function of its inputs and outputs in order."""
        if graph not in self._parts:
            stored = self.bundle.graph(graph, self.options.precision, form)
            read = native_weights(graph, stored.onnx())
            try:
                made = core_graph(graph, read)
            except (ArrayError, OptionError) as error:
                raise DeviceError(
                    f"{self.device} cannot compute the {graph} of {self.bundle.manifest.name} "
                    f"({str(error).rstrip('.')}): {ELSEWHERE}."
                ) from error
            if graph == "head":
                self._head = made
            self._parts[graph] = partial(made.run, self._team)
        return self._parts[graph]

    def _release(self) -> None:
        super()._release()
        self._parts.clear()
        self._head = None

    def close(self) -> None:
        """Give back the weights and the threads; `run` is refused from then on."""
        super().close()
        with self._lock:
            # Whoever runs something was waited for.
            self._team = None


def _in_floats(tensors: Mapping[str, TensorInfo]) -> dict[str, TensorInfo]:
    return {name: replace(tensor, type="float32") for name, tensor in tensors.items()}


def core_graph(graph: str, read: NativeWeights) -> Any:
    """A graph of the core.

    Raises:
        ArrayError, OptionError: a weight is missing or of another shape than the core takes.
    """
    if graph == "features":
        return _core.FeaturesGraph(read.values, read.neighbours)
    kinds = {"encoder": _core.EncoderGraph, "flow": _core.FlowGraph, "head": _core.HeadGraph}
    return kinds[graph](read.values)


def _clip_of(parts: Mapping[str, Compute], outputs: Mapping[str, Outputs]) -> Runner:
    """`clip`, put together from the other graphs."""

    def room(graph: str, batch: int) -> dict[str, NDArray[np.float32]]:
        return {
            name: empty_by_pixels((batch, *map(int, outputs[graph][name].shape[1:])), np.float32)
            for name in TENSORS[graph][1]
        }

    def run(given: Tensors, into: Tensors) -> None:
        for clip, logits, flow, landmarks in zip(
            given["clip"], into["logits"], into["flow"], into["landmarks"]
        ):
            frames = np.ascontiguousarray(clip.reshape(_FRAMES, 1, *clip.shape[-2:]))
            features = room("features", _FRAMES)
            parts["features"](frames, *features.values())
            encoded = room("encoder", _FRAMES)
            parts["encoder"](frames, *encoded.values())
            fields = np.empty((_PAIRS, *flow.shape[:-1]), np.float32)
            parts["flow"](
                frames[:-1],
                encoded["enc2"][:-1],
                encoded["enc3"][:-1],
                encoded["enc3"][1:],
                features["first"][:-1],
                features["second"][1:],
                fields,
            )
            parts["head"](features["parts"][np.newaxis], logits[np.newaxis])
            flow[:] = np.moveaxis(fields, 0, -1)
            landmarks[:] = features["landmarks"][1:].T

    return run
