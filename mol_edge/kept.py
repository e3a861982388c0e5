"""What is kept of the frames of a face: crops, features, encoder maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mol_edge.cadence import SegmentReason
from mol_edge.errors import OptionError
from mol_edge.network import Network
from mol_edge.slots import Slots

CROP = 128
_ENCODED_AT_FIRST = 4


@dataclass
class KeptFrame:
    """One frame of one face, and where its state lies.

    Attributes:
        index: position in the source.
        timestamp_ns: capture time.
        maps: slot of its crop and features.
        encoded: slot of its encoder maps, or None: not computed, or given back.
    """

    index: int
    timestamp_ns: int
    maps: int
    encoded: int | None = None


class FrameStore:
    """The arrays that the frames of all tracks lie in.

    Args:
        network: says which shapes and types the state has.
        frames: frames to have room for at first.
        half: whether `first` and `second` are kept in 16 bits.

    Raises:
        OptionError: they cannot be, where a device keeps them.
    """

    def __init__(self, network: Network, frames: int, half: bool) -> None:
        if half and network.on_device:
            raise OptionError(
                "half_state is for state that NumPy keeps, and this device keeps it in its own "
                "memory in the type of its graphs: leave it out, or run a bundle's fp16."
            )
        first, second = (network.output("features", name) for name in ("first", "second"))
        self.maps = Slots(
            {
                "crop": ((1, CROP, CROP), np.float32),
                "first": (first[0], np.float16 if half else first[1]),
                "second": (second[0], np.float16 if half else second[1]),
                "parts": network.output("features", "parts"),
            },
            frames,
            network.empty,
        )
        self._network = network
        self._encoded: Slots | None = None

    @property
    def encoded(self) -> Slots:
        """Encoder maps; allocated when flow is first wanted."""
        if self._encoded is None:
            kinds = {name: self._network.output("encoder", name) for name in ("enc2", "enc3")}
            self._encoded = Slots(kinds, _ENCODED_AT_FIRST, self._network.empty)
        return self._encoded

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        encoded = 0 if self._encoded is None else self._encoded.nbytes
        return self.maps.nbytes + encoded

    def drop(self, frame: KeptFrame) -> None:
        """Give back all that a frame holds."""
        self.drop_encoded(frame)
        self.maps.give_back(frame.maps)

    def drop_encoded(self, frame: KeptFrame) -> None:
        """Give back a frame's encoder maps."""
        if frame.encoded is not None:
            self.encoded.give_back(frame.encoded)
            frame.encoded = None


class Track:
    """The kept frames of one face, oldest first, none older than the last break."""

    def __init__(self, store: FrameStore) -> None:
        self._store = store
        self._encoded_from = 0
        self.frames: list[KeptFrame] = []
        self.times_ns: list[int] = []
        self.reason: SegmentReason | None = SegmentReason.START

    def add(self, frame: KeptFrame) -> None:
        """Take the newest frame."""
        self.frames.append(frame)
        self.times_ns.append(frame.timestamp_ns)

    def restart(self, reason: SegmentReason) -> None:
        """Forget the frames."""
        self._drop_oldest(len(self.frames))
        self.reason = reason

    def take_reason(self) -> SegmentReason | None:
        """Why the newest frame starts a segment, or None; said once."""
        reason, self.reason = self.reason, None
        return reason

    def keep(self, most: int, span_ns: float) -> None:
        """Forget frames beyond a number, or older than `span_ns` before the newest."""
        oldest = self.times_ns[-1] - span_ns
        count = max(0, len(self.frames) - most)
        while self.times_ns[count] < oldest:
            count += 1
        self._drop_oldest(count)

    def keep_encoded_from(self, position: int) -> None:
        """Give back the encoder maps of the frames before a position."""
        for frame in self.frames[self._encoded_from : position]:
            self._store.drop_encoded(frame)
        self._encoded_from = max(self._encoded_from, position)

    def at(self, positions: Sequence[int]) -> tuple[KeptFrame, ...]:
        """The frames at some positions."""
        return tuple([self.frames[position] for position in positions])

    def _drop_oldest(self, count: int) -> None:
        if count == 0:
            return
        for frame in self.frames[:count]:
            self._store.drop(frame)
        del self.frames[:count]
        del self.times_ns[:count]
        self._encoded_from = max(0, self._encoded_from - count)
