"""The network along time: what is computed once for a frame serves every window it is in.

The state of a frame is its crop, its `first` and `second` maps and, where flow is wanted, its
encoder maps. A window's samples f_0 … f_7 make 5 columns, column j from f_j … f_{j+3}, which are
kept by the ids of their samples. So a new frame costs one `features`, one `encoder` and `flow`,
one `column` and one `head`.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mol_edge.backends.base import Backend
from mol_edge.cadence import Cadence
from mol_edge.results import WindowState
from mol_edge.windows import PAIRS, SAMPLES, window_samples

COLUMNS = 5
COLUMN_SAMPLES = 4

Crop = NDArray[np.float32]
Tensor = NDArray[Any]


@dataclass(frozen=True)
class ClipOutput:
    """What the network says of 8 crops.

    Attributes:
        logits: float32 [classes].
        flow: float32 [7, 2, 128, 128], crop pixels, one field per consecutive pair.
        landmarks: float32 [7, 68, 2], crop pixels, of the crops 2 to 8.
    """

    logits: NDArray[np.float32]
    flow: NDArray[np.float32]
    landmarks: NDArray[np.float32]


@dataclass(frozen=True)
class StepOutput:
    """What one more frame brought.

    Attributes:
        landmarks: float32 [68, 2], crop pixels.
        flow: float32 [2, 128, 128] between the sample before and this frame, crop pixels, or None.
        state: whether a window ends here, and if not, why.
        logits: float32 [classes] of that window, or None.
        samples: positions of its 8 frames in the source, oldest first, or empty.
        span_ns: time from its first to its last sample, or 0.
    """

    landmarks: NDArray[np.float32]
    flow: NDArray[np.float32] | None
    state: WindowState
    logits: NDArray[np.float32] | None = None
    samples: tuple[int, ...] = ()
    span_ns: int = 0


def run_clip(backend: Backend, crops: NDArray[np.float32]) -> ClipOutput:
    """Run the network on 8 crops, float32 [8, 1, 128, 128], normalised.

    Raises:
        DeviceError: the device failed.
    """
    maps = backend.run("features", {"frames": crops})
    encoded = backend.run("encoder", {"frames": crops})
    flow = backend.run(
        "flow",
        {
            "frames": crops[:-1],
            "enc2": encoded["enc2"][:-1],
            "enc3": encoded["enc3"][:-1],
            "enc3_next": encoded["enc3"][1:],
            "first": maps["first"][:-1],
            "second_next": maps["second"][1:],
        },
    )
    columns = _columns(backend, maps["first"], maps["second"], range(COLUMNS))
    landmarks = maps["landmarks"][1:].reshape(PAIRS, 68, 2)
    return ClipOutput(_logits(backend, columns), flow["flow"], landmarks)


@dataclass
class _FrameState:
    id: int
    index: int
    timestamp_ns: int
    crop: Crop
    first: Tensor
    second: Tensor
    encoded: dict[str, Tensor] | None = None


class StreamEngine:
    """One face's stream of crops, windows sliding along it.

    Not safe to share between threads; several engines may share a backend.

    Args:
        backend: runs the graphs.
        window_ms: time wanted from the first to the last of a window's 8 samples.
        period_ns: nominal time between two frames, where the source states one.
        flow: whether to compute optical flow.
    """

    def __init__(
        self, backend: Backend, window_ms: float, period_ns: int | None = None, flow: bool = True
    ) -> None:
        self._backend = backend
        self._flow_wanted = flow
        self._cadence = Cadence(window_ms, period_ns)
        self._frames: deque[_FrameState] = deque()
        self._ids = itertools.count()
        self._kept_columns: dict[tuple[int, ...], Tensor] = {}

    @property
    def cadence(self) -> Cadence:
        """The rhythm that the timestamps have shown."""
        return self._cadence

    def restart(self) -> None:
        """Forget the frames: no window or flow spans what came before and what comes after."""
        self._frames.clear()
        self._kept_columns.clear()

    def push(self, index: int, timestamp_ns: int, crop: Crop) -> StepOutput:
        """Take the next frame.

        Args:
            index: the frame's position in the source, named in `StepOutput.samples`.
            timestamp_ns: capture time; a gap or a step back restarts the window.
            crop: float32 [128, 128], normalised.

        Raises:
            ArrayError: the crop has another type or shape.
            InputError: the timestamps are not in nanoseconds.
            DeviceError: the device failed.
        """
        if self._cadence.update(timestamp_ns):
            self.restart()
        crop = crop[np.newaxis, np.newaxis]
        maps = self._backend.run("features", {"frames": crop})
        self._frames.append(
            _FrameState(next(self._ids), index, timestamp_ns, crop, maps["first"], maps["second"])
        )
        self._forget_old()
        landmarks = maps["landmarks"].reshape(68, 2)
        return self._window(landmarks, self._flow() if self._flow_wanted else None)

    def _forget_old(self) -> None:
        step = max(1, self._cadence.step)
        while len(self._frames) > PAIRS * step + 1:
            self._frames.popleft()
        if len(self._frames) > step + 1:
            self._frames[-step - 2].encoded = None
        oldest = self._frames[0].id
        for samples in [key for key in self._kept_columns if key[0] < oldest]:
            del self._kept_columns[samples]

    def _flow(self) -> NDArray[np.float32] | None:
        """Flow from the sample before to the newest frame."""
        newest = self._frames[-1]
        following = self._encoded(newest)
        step = self._cadence.step
        if step == 0 or len(self._frames) <= step:
            return None
        previous = self._frames[-1 - step]
        inputs = {
            "frames": previous.crop,
            **self._encoded(previous),
            "enc3_next": following["enc3"],
            "first": previous.first,
            "second_next": newest.second,
        }
        flow: NDArray[np.float32] = self._backend.run("flow", inputs)["flow"][0]
        return flow

    def _encoded(self, state: _FrameState) -> dict[str, Tensor]:
        if state.encoded is None:
            state.encoded = self._backend.run("encoder", {"frames": state.crop})
        return state.encoded

    def _window(
        self, landmarks: NDArray[np.float32], flow: NDArray[np.float32] | None
    ) -> StepOutput:
        if not self._cadence.fast_enough:
            return StepOutput(landmarks, flow, WindowState.CAMERA_TOO_SLOW)
        step = self._cadence.step
        if step == 0 or len(self._frames) <= PAIRS * step:
            return StepOutput(landmarks, flow, WindowState.FILLING)
        samples = [self._frames[at] for at in window_samples(len(self._frames) - 1, step)]
        logits = _logits(self._backend, self._window_columns(samples))
        indices = tuple(sample.index for sample in samples)
        span_ns = samples[-1].timestamp_ns - samples[0].timestamp_ns
        return StepOutput(landmarks, flow, WindowState.READY, logits, indices, span_ns)

    def _window_columns(self, samples: Sequence[_FrameState]) -> Tensor:
        ids = [sample.id for sample in samples]
        keys = [tuple(ids[j : j + COLUMN_SAMPLES]) for j in range(COLUMNS)]
        missing = [j for j, key in enumerate(keys) if key not in self._kept_columns]
        if missing:
            first = np.concatenate([sample.first for sample in samples])
            second = np.concatenate([sample.second for sample in samples])
            computed = _columns(self._backend, first, second, missing)
            for j, column in zip(missing, computed):
                self._kept_columns[keys[j]] = column
        return np.stack([self._kept_columns[key] for key in keys])


def _columns(backend: Backend, first: Tensor, second: Tensor, which: Sequence[int]) -> Tensor:
    """Columns [len(which), 32, 4, 4] of a window from its samples' maps, [8, 128, 16, 16]."""
    assert len(first) == len(second) == SAMPLES
    reach = COLUMN_SAMPLES - 1
    inputs = {
        "first": np.stack([first[j : j + reach] for j in which]),
        "second": np.stack([second[j + 1 : j + 1 + reach] for j in which]),
    }
    return backend.run("column", inputs)["column"]


def _logits(backend: Backend, columns: Tensor) -> NDArray[np.float32]:
    """Logits [classes] of one window from its columns [5, 32, 4, 4]."""
    stacked = np.ascontiguousarray(np.moveaxis(columns, 0, -1)[np.newaxis])
    logits: NDArray[np.float32] = backend.run("head", {"columns": stacked})["logits"][0]
    return logits
