import dataclasses

import numpy as np
import pytest

from mol_edge.backends import BackendOptions
from mol_edge.errors import OptionError
from mol_edge.options import PipelineOptions
from mol_edge.sources import SourceOptions
from mol_edge.track_options import TrackOptions


def test_defaults():
    options = PipelineOptions()
    assert options.window_ms is None
    assert options.backend == BackendOptions(threads=0, precision="fp32", cache_dir=None)
    assert options.source == SourceOptions(fps=None)


@pytest.mark.parametrize(
    "options",
    [
        {"window_ms": 0},
        {"window_ms": -350.0},
        {"window_ms": float("nan")},
        {"window_ms": float("inf")},
        {"window_ms": "350"},
        {"windows_ms": ()},
        {"windows_ms": (350, 0)},
        {"windows_ms": (350, 1e9)},
        {"window_ms": 60_000},
        {"windows_ms": 350},
        {"windows_ms": ("350",)},
        {"windows_ms": (350, float("inf"))},
        {"windows_ms": (350, 350.0)},
        {"min_score": 1.5},
        {"min_score": -0.1},
        {"min_score": "high"},
        {"anchor_frames": 0},
        {"anchor_frames": 2.5},
        {"flow_from_px": float("nan")},
        {"backend": None},
        {"track": 2},
        {"drift_px": 0},
    ],
)
def test_options_are_checked(options):
    with pytest.raises(OptionError, match=f"{next(iter(options))} must .* got"):
        PipelineOptions(**options)


def test_numbers_of_numpy_are_numbers():
    options = PipelineOptions(
        windows_ms=(np.float32(200), np.int64(350)), anchor_frames=np.int32(3)
    )
    assert options.windows_ms == (200, 350)
    assert TrackOptions(max_faces=np.int64(2)).max_faces == 2


@pytest.mark.parametrize("faces", [0, 1.5, "2", True])
def test_faces_are_counted_in_whole_numbers(faces):
    with pytest.raises(OptionError, match="max_faces must be a whole number from 1, got"):
        TrackOptions(max_faces=faces)


def test_options_do_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PipelineOptions().window_ms = 200


def test_a_length_is_given_once():
    with pytest.raises(OptionError, match="windows_ms and window_ms say the same"):
        PipelineOptions(windows_ms=(200,), window_ms=350)
