import numpy as np
import pytest

from mol_edge.errors import ArrayError, InputError, OptionError
from mol_edge.frame import Frame
from mol_edge.sources import SourceOptions, open_source

GRAY = np.zeros((20, 30), np.uint8)
BGR = np.zeros((20, 30, 3), np.uint8)


def test_frames_are_handed_on_as_they_are():
    frames = [Frame(BGR, timestamp_ns=5, index=9), Frame(GRAY, 7, 10, "gray")]
    source = open_source(frames)
    assert source.frame_count == 2
    assert source.period_ns is None
    assert all(a is b for a, b in zip(source, frames, strict=True))


def test_images_get_times_of_a_rate():
    frames = list(open_source([BGR, GRAY, BGR], SourceOptions(fps=50)))
    assert [(f.index, f.timestamp_ns, f.format) for f in frames] == [
        (0, 0, "bgr"),
        (1, 20_000_000, "gray"),
        (2, 40_000_000, "bgr"),
    ]
    assert frames[0].image is BGR


def test_an_array_of_images_is_an_iterable_of_images():
    assert len(list(open_source(np.zeros((4, 20, 30, 3), np.uint8)))) == 4


def test_images_may_bring_their_times():
    times = [3, np.int64(70), 100]
    frames = list(open_source((BGR, time) for time in times))
    assert [frame.timestamp_ns for frame in frames] == times
    assert all(type(frame.timestamp_ns) is int for frame in frames)


def test_a_generator_is_read_as_it_goes():
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield BGR

    frames = iter(open_source(endless()))
    next(frames)
    next(frames)
    assert len(taken) == 2


@pytest.mark.parametrize("item", ["text", 3, None, (BGR, 1.5), (BGR, None), ("text", 3), [1, 2]])
def test_other_items_are_refused(item):
    with pytest.raises(ArrayError, match=r"must give Frame objects, uint8 images or .* position 1"):
        list(open_source([BGR, item]))


def test_a_time_in_seconds_is_refused_by_its_type():
    image = np.zeros((48, 64), np.uint8)
    with pytest.raises(ArrayError, match=r"an int\), got \(ndarray, float\) at position 0"):
        list(open_source([(image, 0.04)]))


def test_images_of_another_type_are_refused():
    with pytest.raises(ArrayError, match="must be a NumPy array of uint8, got an array of float64"):
        list(open_source([BGR.astype(float)]))


def test_a_tiny_image_is_refused():
    with pytest.raises(InputError, match="16 x 16 pixels, and frame 0 has 15 x 40: give a larger"):
        list(open_source([np.zeros((40, 15), np.uint8)]))


@pytest.mark.parametrize("source", [True, 1.5, None, object()])
def test_what_is_no_source_is_refused(source):
    with pytest.raises(OptionError, match="must be a path, a camera's number or frames, got"):
        open_source(source)


def test_a_source_is_returned_as_it_is():
    source = open_source([BGR])
    assert open_source(source) is source


@pytest.mark.parametrize(
    "options",
    [
        {"fps": 0},
        {"fps": -1},
        {"fps": 1e6},
        {"fps": "30"},
        {"timeout_ms": 0},
        {"timeout_ms": float("nan")},
    ],
)
def test_bad_options_are_refused(options):
    with pytest.raises(OptionError, match=f"{next(iter(options))} must"):
        SourceOptions(**options)
