from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from mol_edge.draw import ACCENT, LANDMARK, POINT, Annotator, Placing
from mol_edge.errors import OptionError
from mol_edge.frame import Frame
from mol_edge.panel import panel_width
from mol_edge.results import FaceState, FrameResult
from mol_edge.timeline import STRIP_HEIGHT
from tests.mol_edge.synthetic_results import LABELS, make_face, make_frame, make_result

pytest.importorskip("cv2")


def picture_of(canvas: np.ndarray) -> np.ndarray:
    height = round(canvas.shape[0] * 540 / (540 + STRIP_HEIGHT))
    return canvas[:height, : canvas.shape[1] - panel_width(height)]


def count(picture: np.ndarray, colour: tuple[int, int, int], tolerance: int = 12) -> int:
    return int((np.abs(picture.astype(int) - colour).max(axis=2) <= tolerance).sum())


@pytest.mark.parametrize(
    ("width", "height"),
    [(1, 1), (64, 48), (320, 240), (641, 361), (1920, 1080), (3840, 2160), (2000, 90), (90, 2000)],
)
@pytest.mark.parametrize("timeline", [True, False])
def test_any_size_becomes_a_canvas_that_codecs_take(
    width: int, height: int, timeline: bool
) -> None:
    annotator = Annotator(LABELS, timeline=timeline)
    canvas = annotator.draw(make_frame(width, height), make_result())
    assert canvas.dtype == np.uint8
    assert canvas.shape[0] % 2 == 0
    assert canvas.shape[1] % 2 == 0
    strip = STRIP_HEIGHT if timeline else 0
    assert 540 + strip <= canvas.shape[0] <= 1080 + 2 * strip
    assert canvas.shape[1] <= 1440 + panel_width(1080)


def test_the_aspect_ratio_is_kept() -> None:
    place = Placing.of(320, 240)
    assert place.size == (720, 540)
    assert Placing.of(3840, 2160).size == (1440, 810)
    assert Placing.of(2000, 90) == Placing(0.72, (1440, 64), 238, 540)


def test_points_land_where_the_picture_shows_them() -> None:
    place = Placing.of(320, 240)
    placed = place.to_canvas(np.array([[0.0, 0.0], [319.0, 239.0], [159.5, 119.5]]))
    assert placed == pytest.approx(np.array([[0.625, 0.625], [718.375, 538.375], [359.5, 269.5]]))


def test_the_box_and_the_points_are_drawn_at_their_places() -> None:
    frame = make_frame(720, 540)
    picture = picture_of(Annotator(LABELS, trained=False).draw(frame, make_result()))
    for x, y in make_face().points.astype(int):
        assert count(picture[y : y + 1, x : x + 1], POINT) == 1
    assert count(picture[40:41, 60:160], ACCENT) > 90
    assert count(picture[42:158, 66:154], ACCENT) < 60


def test_landmarks_are_drawn_of_trained_models_only() -> None:
    frame, result = make_frame(), make_result()
    trained = picture_of(Annotator(LABELS, trained=True).draw(frame, result))
    untrained = picture_of(Annotator(LABELS, trained=False).draw(frame, result))
    assert count(trained, LANDMARK) > 150
    assert count(untrained, LANDMARK) == 0


def test_classes_that_are_mere_guesses_are_drawn_faint() -> None:
    frame, result = make_frame(), make_result()
    known = Annotator(LABELS, timeline=False).draw(frame, result)
    guessed = Annotator(LABELS, classes_known=False, timeline=False).draw(frame, result)
    panel = known.shape[1] - 300
    assert count(known[:, panel:], ACCENT) > 100
    assert count(guessed[:, panel:], ACCENT) == 0
    assert count(picture_of(guessed), LANDMARK) > 150


def test_nothing_is_drawn_on_a_picture_without_a_face() -> None:
    canvas = Annotator(LABELS).draw(make_frame(), make_result(faces_found=0))
    assert count(picture_of(canvas), (90, 90, 90), 0) == 720 * 540


def test_a_face_that_is_lost_is_not_drawn() -> None:
    face = dataclasses.replace(make_face(window=False, landmarks=False), state=FaceState.LOST)
    canvas = Annotator(LABELS).draw(make_frame(), FrameResult(0, 0, (face,), 0))
    assert count(picture_of(canvas), (90, 90, 90), 0) == 720 * 540


def test_the_bar_of_each_class_is_as_long_as_its_probability() -> None:
    top_bar, bar = (196, 214, 70), (150, 140, 112)
    canvas = Annotator(LABELS).draw(make_frame(), make_result())
    panel = canvas[:, -panel_width(540) :]
    lengths = [
        count(panel[row : row + 1], colour, 3)
        for row, colour in ((310, bar), (354, top_bar), (398, bar))
    ]
    assert lengths == pytest.approx([0.2 * 268, 0.7 * 268, 0.1 * 268], abs=2)


def test_the_flow_is_shown_in_the_wheel_s_colours() -> None:
    canvas = Annotator(LABELS).draw(make_frame(), make_result())
    inset = canvas[78:268, -panel_width(540) + 20 :][:, :190]
    moving, still = inset[50:90, 20:170], inset[120:180, 20:170]
    assert still.min() >= 250
    # Motion to the right is red.
    assert moving[..., 2].mean() > 240
    assert moving[..., :2].mean() < 40


def test_the_scale_of_the_flow_does_not_jump_to_noise() -> None:
    annotator = Annotator(LABELS)
    annotator.draw(make_frame(), make_result())
    quiet = dataclasses.replace(make_face(), flow=np.full((2, 128, 128), 0.01, np.float32))
    canvas = annotator.draw(make_frame(), FrameResult(1, 0, (quiet,), 1))
    inset = canvas[80:266, -panel_width(540) + 22 :][:, :186]
    assert inset.min() > 235


@pytest.mark.parametrize("name", ["rgb", "gray", "nv12", "yuyv"])
def test_every_pixel_format_is_drawn(name: str) -> None:
    shape = {"rgb": (240, 320, 3), "gray": (240, 320), "nv12": (360, 320), "yuyv": (240, 320, 2)}
    image = np.full(shape[name], 128, np.uint8)
    frame = Frame(image, 0, format=name)
    picture = picture_of(Annotator(LABELS).draw(frame, make_result(faces_found=0)))
    assert picture.shape == (540, 720, 3)
    assert abs(float(picture.mean()) - 128) < 5


def test_places_that_are_not_finite_or_far_away_do_not_break_it() -> None:
    face = make_face()
    far = np.array(face.landmarks)
    far[0], far[1] = (1e12, -1e12), (math.inf, 0)
    result = FrameResult(0, 0, (dataclasses.replace(face, landmarks=far),), 1)
    assert Annotator(LABELS).draw(make_frame(), result).shape == (540 + STRIP_HEIGHT, 1028, 3)


def test_no_labels_are_refused() -> None:
    with pytest.raises(OptionError, match="names of the classes"):
        Annotator(())
