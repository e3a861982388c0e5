import numpy as np
import pytest

from mol_edge.errors import ArrayError, OptionError
from mol_edge.frame import Frame


@pytest.mark.parametrize(
    ("pixel_format", "shape", "size"),
    [
        ("bgr", (48, 64, 3), (64, 48)),
        ("rgb", (48, 64, 3), (64, 48)),
        ("gray", (48, 64), (64, 48)),
        ("nv12", (72, 64), (64, 48)),
        ("yuyv", (48, 64, 2), (64, 48)),
    ],
)
def test_sizes(pixel_format, shape, size):
    frame = Frame(np.zeros(shape, np.uint8), 0, format=pixel_format)
    assert (frame.width, frame.height) == size


@pytest.mark.parametrize(
    ("pixel_format", "shape"),
    [
        ("bgr", (48, 64)),
        ("bgr", (48, 64, 4)),
        ("rgb", (0, 64, 3)),
        ("gray", (48, 64, 1)),
        ("nv12", (73, 64)),
        ("nv12", (72, 63)),
        ("yuyv", (48, 63, 2)),
        ("yuyv", (48, 64, 3)),
    ],
)
def test_another_shape_is_refused(pixel_format, shape):
    with pytest.raises(ArrayError, match=f"format '{pixel_format}' must be of shape"):
        Frame(np.zeros(shape, np.uint8), 0, format=pixel_format)


def test_other_types_are_refused():
    with pytest.raises(ArrayError, match="uint8, got an array of float32"):
        Frame(np.zeros((4, 4, 3), np.float32), 0)
    with pytest.raises(ArrayError, match="uint8, got list"):
        Frame([[0]], 0)
    with pytest.raises(OptionError, match="must be one of bgr, rgb, gray, nv12, yuyv, got 'bgra'"):
        Frame(np.zeros((4, 4, 3), np.uint8), 0, format="bgra")
    with pytest.raises(OptionError, match="from 0 to below 2 to the power of 62, got -1"):
        Frame(np.zeros((4, 4, 3), np.uint8), -1)


def test_an_image_of_any_stride_is_held_without_a_copy():
    image = np.zeros((48, 128, 3), np.uint8)[:, ::2]
    assert Frame(image, 0).image is image


@pytest.mark.parametrize("time", [1 << 62, 1 << 70])
def test_times_fit_64_bits(time):
    with pytest.raises(OptionError, match=f"below 2 to the power of 62, got {time}"):
        Frame(np.zeros((4, 4, 3), np.uint8), time)
    assert Frame(np.zeros((4, 4, 3), np.uint8), (1 << 62) - 1).timestamp_ns == (1 << 62) - 1


@pytest.mark.parametrize("time", [0.5, "0", None])
def test_times_are_whole_numbers(time):
    with pytest.raises(OptionError, match="must be whole nanoseconds, got "):
        Frame(np.zeros((4, 4, 3), np.uint8), time)
    assert Frame(np.zeros((4, 4, 3), np.uint8), np.int64(7)).timestamp_ns == 7


@pytest.mark.parametrize("index", ["a", 1.5, None])
def test_an_index_is_a_whole_number(index):
    with pytest.raises(OptionError, match=r"Frame\.index must be a whole number, got "):
        Frame(np.zeros((48, 64), np.uint8), 0, index, format="gray")
