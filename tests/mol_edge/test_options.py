import dataclasses

import numpy as np
import pytest

from mol_edge.backends import BackendOptions
from mol_edge.benchmark.measure import StopRule
from mol_edge.benchmark.options import BenchmarkOptions
from mol_edge.engine_output import EngineOptions
from mol_edge.errors import OptionError
from mol_edge.face_state import FaceLimits
from mol_edge.motion import MotionOptions
from mol_edge.options import PipelineOptions
from mol_edge.sources import SourceOptions
from mol_edge.sources.live_options import LiveOptions
from mol_edge.spot import SpotterOptions
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


ALL = (
    BackendOptions,
    BenchmarkOptions,
    EngineOptions,
    FaceLimits,
    LiveOptions,
    MotionOptions,
    PipelineOptions,
    SourceOptions,
    SpotterOptions,
    StopRule,
    TrackOptions,
)
FIELDS = [(kind, field.name) for kind in ALL for field in dataclasses.fields(kind)]
NAMES = ("detector", "precision")


@pytest.mark.parametrize(
    ("kind", "name"), FIELDS, ids=lambda value: getattr(value, "__name__", value)
)
@pytest.mark.parametrize("value", [..., "a", [{}], {}, float("nan"), 1j, b"a"], ids=repr)
def test_no_option_takes_what_it_is_not(kind, name, value):
    if value == "a" and name in NAMES:
        return
    with pytest.raises(OptionError, match=name):
        kind(**{name: value})


def test_a_number_that_no_float_holds_is_refused():
    with pytest.raises(OptionError, match="fps must lie above 0"):
        SourceOptions(fps=10**400)


def test_every_option_takes_its_default():
    for kind in ALL:
        given = {field.name: getattr(kind(), field.name) for field in dataclasses.fields(kind)}
        assert kind(**given) == kind()


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
