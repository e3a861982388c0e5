"""Arrays and options that are refused."""

import numpy as np
import pytest

from mol_edge.engine import Engine, EngineOptions
from mol_edge.errors import ArrayError, InputError, OptionError


@pytest.mark.parametrize(
    ("crops", "tracks", "message"),
    [
        (np.zeros((1, 128, 128)), [0], r"must be float32 \(1, 128, 128\), got float64"),
        (np.zeros((1, 128, 64), np.float32), [0], r"got float32 \(1, 128, 64\)"),
        (np.zeros((2, 128, 128), np.float32), [0], r"crops of 1 faces .* got float32 \(2, 128"),
        (np.zeros((2, 128, 128), np.float32), [4, 4], r"must differ within a frame, got \[4, 4"),
        ([[0.0]], [0], "got <class 'list'>"),
    ],
)
def test_other_arrays_are_refused(ort, crops, tracks, message):
    with pytest.raises(ArrayError, match=message):
        Engine(ort).push(crops, tracks, 0, 0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_with_its_face(ort, value):
    engine, crops = Engine(ort), np.zeros((3, 128, 128), np.float32)
    engine.push(crops, [7, 8, 9], 0, 0)
    crops[1, 127, 5] = value
    with pytest.raises(ArrayError, match="that of face 8 holds NaN or infinity"):
        engine.push(crops, [7, 8, 9], 50_000_000, 1)
    with pytest.raises(ArrayError, match="that of face 7 holds NaN or infinity"):
        engine.reanchor(7, crops[1:2])
    assert [engine.kept(face) for face in (7, 8, 9)] == [(0,)] * 3


def test_crops_that_do_not_lie_in_order_are_taken(ort):
    crops = np.random.default_rng(1).standard_normal((2, 128, 128)).astype(np.float32)
    for other in (np.asfortranarray(crops), np.broadcast_to(crops[:1], crops.shape)):
        came, wanted = (Engine(ort).push(each, [0, 1], 0, 0) for each in (other, other.copy("C")))
        for one, same in zip(came, wanted):
            assert np.array_equal(one.landmarks, same.landmarks)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"windows_ms": ()}, "windows_ms must be a tuple of one time, or several"),
        ({"windows_ms": (350, 0)}, "windows_ms must be a tuple of one time, or several"),
        ({"windows_ms": (350, 350)}, "windows_ms must be a tuple of one time, or several"),
        ({"windows_ms": 350}, "windows_ms must be a tuple of one time, or several"),
        ({"flow": "sometimes"}, "flow must be one of .* got 'sometimes'"),
        ({"keep_ms": -1}, "keep_ms must be 0 or more"),
        ({"max_frames": 7}, "max_frames must be 8 or more"),
    ],
)
def test_options_are_checked(change, message):
    with pytest.raises(OptionError, match=message):
        EngineOptions(**change)


@pytest.mark.parametrize("time", [-1, 0.5, 1 << 62, None])
def test_times_are_whole_nanoseconds_of_64_bits(ort, time):
    with pytest.raises(InputError, match=f"must be whole nanoseconds from 0 .* got {time}"):
        Engine(ort).push(np.zeros((1, 128, 128), np.float32), [0], time, 0)
