"""The steps of the network on kept frames: what is there already is not computed again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.kept import CROP, FrameStore, KeptFrame
from mol_edge.network import Network
from mol_edge.windows import SAMPLES

Pair = tuple[KeptFrame, KeptFrame]
Tensor = NDArray[Any]

# What `features` computes and a store keeps.
_KEPT = ("first", "second", "parts")


class Stages:
    """Runs graphs on frames of a store, several faces at a time.

    One frame's state is read and written in place; that of several passes through scratch arrays.
    """

    def __init__(self, network: Network, store: FrameStore) -> None:
        self._network = network
        self._store = store
        self._as_stored = all(
            store.maps.type_of(name) == network.output("features", name)[1] for name in _KEPT
        )

    def features(self, crops: NDArray[np.float32], slots: Sequence[int]) -> NDArray[np.float32]:
        """Fill the slots of N frames from crops [N, 128, 128]; returns landmarks [N, 68, 2]."""
        maps, network, count = self._store.maps, self._network, len(slots)
        frames = crops[:, np.newaxis]
        maps.scatter("crop", slots, frames)
        landmarks = network.new_output("features", "landmarks", count)
        in_place = count == 1 and self._as_stored
        if in_place:
            outputs = {name: maps.row(name, slots[0]) for name in _KEPT}
            frames = maps.row("crop", slots[0])
        else:
            outputs = {name: network.scratch_output("features", name, count) for name in _KEPT}
        network.run("features", {"frames": frames}, {**outputs, "landmarks": landmarks})
        if not in_place:
            for name in _KEPT:
                maps.scatter(name, slots, outputs[name])
        return landmarks.reshape(count, 68, 2)

    def encode(self, frames: Sequence[KeptFrame]) -> None:
        """Compute the encoder maps of those frames that have none."""
        missing = [frame for frame in frames if frame.encoded is None]
        if not missing:
            return
        kept, network, count = self._store.encoded, self._network, len(missing)
        slots = [kept.take() for _ in missing]
        names = ("enc2", "enc3")
        try:
            if count == 1:
                outputs = {name: kept.row(name, slots[0]) for name in names}
            else:
                outputs = {name: network.scratch_output("encoder", name, count) for name in names}
            network.run("encoder", {"frames": self._read("crop", missing)}, outputs)
        except BaseException:
            for slot in slots:
                kept.give_back(slot)
            raise
        for name in names if count > 1 else ():
            kept.scatter(name, slots, outputs[name])
        for frame, slot in zip(missing, slots):
            frame.encoded = slot

    def flow(self, pairs: Sequence[Pair]) -> NDArray[np.float32]:
        """Flow [N, 2, 128, 128] of pairs of frames, earlier and later."""
        earlier, later = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        self.encode(later)
        self.encode(earlier)
        inputs = {
            "frames": self._read("crop", earlier),
            "enc2": self._read_encoded("enc2", earlier, ""),
            "enc3": self._read_encoded("enc3", earlier, ""),
            "enc3_next": self._read_encoded("enc3", later, "_next"),
            "first": self._read("first", earlier),
            "second_next": self._read("second", later),
        }
        flow = self._network.new_output("flow", "flow", len(pairs))
        self._network.run("flow", inputs, {"flow": flow})
        return flow

    def logits(self, windows: Sequence[Sequence[KeptFrame]]) -> NDArray[np.float32]:
        """Logits [W, classes] of windows of 8 frames each."""
        network, count, maps = self._network, len(windows), self._store.maps
        rows = [[frame.maps for frame in window] for window in windows]
        logits = network.new_output("head", "logits", count)
        if network.classify_rows is not None:
            network.classify_rows(maps.whole("parts"), rows, logits)
            return logits
        shape, dtype = network.output("features", "parts")
        parts = network.state("head.parts", count, (SAMPLES, *shape), dtype)
        for samples, into in zip(rows, parts):
            maps.gather("parts", samples, into)
        network.run("head", {"parts": parts}, {"logits": logits})
        return logits

    def _read(self, name: str, frames: Sequence[KeptFrame]) -> Tensor:
        """State [N, …] of frames in the type that the graphs take."""
        maps = self._store.maps
        shape: tuple[int, ...] = (1, CROP, CROP)
        dtype: np.dtype[Any] = np.dtype(np.float32)
        if name != "crop":
            shape, dtype = self._network.output("features", name)
        if len(frames) == 1 and maps.type_of(name) == dtype:
            return maps.row(name, frames[0].maps)
        out = self._network.state(f"read.{name}", len(frames), shape, dtype)
        return maps.gather(name, [frame.maps for frame in frames], out)

    def _read_encoded(self, name: str, frames: Sequence[KeptFrame], suffix: str) -> Tensor:
        slots = [frame.encoded for frame in frames if frame.encoded is not None]
        if len(slots) == 1:
            return self._store.encoded.row(name, slots[0])
        shape, dtype = self._network.output("encoder", name)
        out = self._network.state(f"read.{name}{suffix}", len(slots), shape, dtype)
        return self._store.encoded.gather(name, slots, out)
