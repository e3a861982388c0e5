"""Results with known numbers, for tests of what is made of them."""

from __future__ import annotations

import dataclasses

import numpy as np

from mol_edge.frame import Frame
from mol_edge.results import Event, EventKind, FaceResult, FrameResult, Window, WindowState

LABELS = ("positive", "negative", "surprise")
MOTION = {
    "left_brow": 0.3, "right_brow": 0.1, "left_eye": 0.05, "right_eye": 0.04, "nose_wings": 0.02,
    "mouth": 0.4, "chin": 0.06,
}  # fmt: skip
PROBABILITIES = np.array([0.2, 0.7, 0.1], np.float32)


def make_frame(width: int = 320, height: int = 240, index: int = 0) -> Frame:
    """A grey picture 40 ms after the one before."""
    image = np.full((height, width, 3), 90, np.uint8)
    return Frame(image, timestamp_ns=index * 40_000_000, index=index)


def make_face(*, window: bool = True, landmarks: bool = True) -> FaceResult:
    """A face of 100 × 120 pixels at (60, 40), half the scale of the aligned face."""
    points = np.array([[85, 80], [135, 80], [110, 105], [90, 130], [130, 130]], np.float64)
    angle = np.linspace(0, np.pi, 68)
    outline = np.stack([110 + 45 * np.cos(angle), 90 + 60 * np.sin(angle)], axis=1)
    flow = np.zeros((2, 128, 128), np.float32)
    flow[0, 32:64] = 0.5
    logits = np.log(PROBABILITIES)
    ready = Window(PROBABILITIES, logits, 350.0, tuple(range(8)), 350.0, 1.5, 1)
    return FaceResult(
        track_id=0,
        box=(60.0, 40.0, 100.0, 120.0),
        score=0.93,
        points=points,
        transform=np.array([[2.0, 0, -100], [0, 2.0, -60]]),
        landmarks=outline.astype(np.float32) if landmarks else None,
        flow=flow if window else None,
        window_state=WindowState.READY if window else WindowState.FILLING,
        window=ready if window else None,
        windows=(ready,) if window else (),
        motion=MOTION if window else None,
        drift_px=1.25,
    )


def make_event(onset: int = 3, apex: int = 5, offset: int = 10, *, label: bool = True) -> Event:
    """A movement of the mouth at these frames, negative with 70%."""
    return Event(
        track_id=0,
        kind=EventKind.MICRO if offset - onset < 13 else EventKind.MACRO,
        onset=onset,
        apex=apex,
        offset=offset,
        onset_ns=onset * 40_000_000,
        apex_ns=apex * 40_000_000,
        offset_ns=offset * 40_000_000,
        peak_px={"left_brow": 0.2, "mouth": 0.85},
        label="negative" if label else None,
        probabilities=PROBABILITIES if label else None,
        logits=np.log(PROBABILITIES) if label else None,
        samples=tuple(range(3, 11)) if label else (),
        latency_ms=123.4,
        refusal=None if label else "Frames of the event are gone.",
    )


def make_result(index: int = 0, *, faces_found: int = 1, window: bool = True) -> FrameResult:
    """The result of `make_frame(index=index)`; without a face where none is found."""
    return FrameResult(
        index=index,
        timestamp_ns=index * 40_000_000,
        faces=(make_face(window=window),) if faces_found else (),
        faces_found=faces_found,
        timings_ms={"decode": 1.0, "infer": 2.0 + index},
    )


def with_event(index: int) -> FrameResult:
    """A result that tells an event."""
    return dataclasses.replace(make_result(index), events=(make_event(),))
