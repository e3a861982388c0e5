import numpy as np
import pytest

from mol_edge.frame import Frame
from mol_edge.health import HealthState
from mol_edge.sources.live_options import LiveOptions
from mol_edge.sources.pictures import PictureWatch

SECOND = 1_000_000_000


def verdicts(images, period_s=0.5, **options):
    watch = PictureWatch(LiveOptions(**options))
    frames = [Frame(image, round(n * period_s * SECOND)) for n, image in enumerate(images)]
    return [watch.update(frame) for frame in frames]


def noisy(seed, size=(480, 640), level=120, spread=2.0):
    values = np.random.default_rng(seed).normal(level, spread, (*size, 3))
    return values.round().clip(0, 255).astype(np.uint8)


def test_noise_of_a_still_scene_is_not_frozen():
    assert {verdict.state for verdict in verdicts([noisy(n) for n in range(12)])} == {
        HealthState.RUNNING
    }


def test_one_pixel_that_moves_is_not_frozen():
    images = [noisy(0) for _ in range(12)]
    for number, image in enumerate(images):
        image[101, 201, 1] = 10 * number
    assert {verdict.state for verdict in verdicts(images)} == {HealthState.RUNNING}


def test_the_same_picture_is_frozen_after_the_time_given():
    found = verdicts([noisy(0)] * 9)
    assert [verdict.state for verdict in found] == [HealthState.RUNNING] * 6 + [
        HealthState.FROZEN
    ] * 3
    assert [verdict.withhold for verdict in found] == [False] * 6 + [True] * 3


def test_a_buffer_that_is_filled_anew_in_place_is_not_frozen():
    buffer = noisy(0)
    watch = PictureWatch(LiveOptions())
    for number in range(12):
        buffer[:] = noisy(number)
        assert watch.update(Frame(buffer, number * SECOND)).state is HealthState.RUNNING


def test_time_that_goes_backward_begins_the_count_anew():
    watch = PictureWatch(LiveOptions())
    image = noisy(0)
    times = [0, 2, 1, 2, 3, 4]
    found = [watch.update(Frame(image, time * SECOND)).state for time in times]
    assert found == [HealthState.RUNNING] * 5 + [HealthState.FROZEN]


@pytest.mark.parametrize(
    ("image", "format", "full_range", "black"),
    [
        (np.full((48, 64, 3), 12, np.uint8), "bgr", False, True),
        (np.full((48, 64, 3), 30, np.uint8), "bgr", False, False),
        (np.full((48, 64), 12, np.uint8), "gray", False, True),
        (np.full((72, 64), 30, np.uint8), "nv12", False, True),
        (np.full((72, 64), 30, np.uint8), "nv12", True, False),
        (np.dstack([np.full((48, 64), 20), np.full((48, 64), 128)]).astype(np.uint8), "yuyv",
         False, True),
    ],
)  # fmt: skip
def test_black_in_every_format(image, format, full_range, black):
    watch = PictureWatch(LiveOptions())
    for number in range(2):
        verdict = watch.update(Frame(image, number * SECOND, number, format, full_range))
    assert (verdict.state is HealthState.BLACK) == black
    assert verdict.withhold == black


def test_a_dark_room_with_a_lit_face_is_not_black():
    image = np.full((480, 640, 3), 8, np.uint8)
    image[200:300, 300:380] = 90
    assert image.mean() < 12
    assert verdicts([image, image])[-1].state is HealthState.RUNNING


def test_black_that_does_not_last_is_withheld_without_a_state():
    black = np.zeros((48, 64, 3), np.uint8)
    found = verdicts([noisy(0, (48, 64)), black, noisy(1, (48, 64))], period_s=0.05)
    assert [verdict.state for verdict in found] == [HealthState.RUNNING, None, HealthState.RUNNING]
    assert [verdict.withhold for verdict in found] == [False, True, False]


def test_smallest_pictures():
    image = np.full((16, 16), 99, np.uint8)
    watch = PictureWatch(LiveOptions())
    assert watch.update(Frame(image, 0, format="gray")).state is HealthState.RUNNING
