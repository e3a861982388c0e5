"""Pictures that are turned: their pixels, and every way by which they come."""

import cv2
import numpy as np
import pytest

from mol_edge import open_live
from mol_edge.errors import OptionError
from mol_edge.frame import Frame
from mol_edge.sources import Source, SourceOptions, open_source
from mol_edge.sources.turned import TurnedSource, turned

TURNS = {0: 0, 90: 3, 180: 2, 270: 1}


def scene(height=48, width=64):
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("degrees", TURNS)
def test_pixels_are_turned_clockwise(degrees):
    image = scene()
    for each, format in ((image, "bgr"), (image, "rgb"), (image[..., 0], "gray")):
        frame = turned(Frame(each, 5, 7, format), degrees)
        assert np.array_equal(frame.image, np.rot90(each, TURNS[degrees]))
        assert frame.image.flags.c_contiguous or degrees == 0
        assert (frame.timestamp_ns, frame.index, frame.format) == (5, 7, format)


def test_layouts_of_cameras_become_colours():
    yuv = cv2.cvtColor(scene(), cv2.COLOR_BGR2YUV_I420)
    luma, (u, v) = yuv[:48], yuv[48:].reshape(2, 24, 32)
    nv12 = np.vstack([luma, np.stack([u, v], 2).reshape(24, 64)])
    frame = turned(Frame(nv12, 0, format="nv12"), 90)
    assert (frame.format, frame.width, frame.height) == ("bgr", 48, 64)
    straight = cv2.cvtColor(nv12, cv2.COLOR_YUV2BGR_NV12)
    assert np.array_equal(frame.image, np.rot90(straight, 3))
    yuyv = np.full((48, 64, 2), 128, np.uint8)
    frame = turned(Frame(yuyv, 0, format="yuyv"), 180)
    assert (frame.format, frame.image.shape) == ("bgr", (48, 64, 3))


def test_what_a_source_says_of_itself_stays():
    class Camera(Source):
        name, live, period_ns, frame_count = "mine", True, 5, 2
        age_ms, closed = 3.5, False

        def __iter__(self):
            yield Frame(scene(), 1)
            self.incomplete = "it was unplugged"

        def close(self):
            self.closed = True

    camera = Camera()
    with TurnedSource(camera, 270) as source:
        (frame,) = source
        assert (source.name, source.live, source.period_ns) == ("mine", True, 5)
        assert (source.frame_count, source.age_ms) == (2, 3.5)
        assert source.incomplete == "it was unplugged"
    assert camera.closed
    assert (frame.width, frame.height) == (48, 64)
    assert open_source(camera, SourceOptions(rotate=90)) is camera


def test_files_and_arrays_are_turned(video, tmp_path):
    def first(source, degrees):
        with open_source(source, SourceOptions(rotate=degrees)) as opened:
            return next(iter(opened)).image

    cv2.imwrite(str(tmp_path / "one.png"), scene())
    for source in (video, tmp_path, [scene()]):
        straight = first(source, 0)
        assert np.array_equal(first(source, 90), np.rot90(straight, 3))


def test_what_is_followed_live_is_turned(video):
    images = [scene()] * 3
    for source in (video, images, lambda: images):
        with open_live(source, source_options=SourceOptions(rotate=90)) as feed:
            frame = next(iter(feed))
        assert (frame.width, frame.height) == (48, 64)


@pytest.mark.parametrize("turn", [45, -90, 360, 90.0, "90", True])
def test_other_turns_are_refused(turn):
    with pytest.raises(OptionError, match="rotate must be 0, 90, 180 or 270 degrees"):
        SourceOptions(rotate=turn)
