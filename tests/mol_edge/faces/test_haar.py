from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from benchmarks.faces import errors, overlap
from benchmarks.photos import Photo
from mol_edge.errors import DeviceError
from mol_edge.faces import HaarDetector
from mol_edge.faces import haar as module
from mol_edge.frame import Frame


def test_one_face_in_every_pixel_format(
    portrait_in_format: Frame, portrait_points: np.ndarray
) -> None:
    (face,) = HaarDetector().detect(portrait_in_format)
    distances = np.linalg.norm(face.points - portrait_points, axis=1)
    assert distances[:2].max() < 8.0
    # The nose tip lies inside the five points' box and does not move the alignment.
    assert distances[3:].max() < 14.0
    assert distances[2] < 20.0
    assert 0.7 < face.score < 1.0


def test_photographs_of_groups(photos: list[Photo]) -> None:
    """All faces and nothing else; half of the aligned landmarks lie within 6 pixels of 144."""
    detector = HaarDetector()
    distances = []
    for photo in photos:
        found = detector.detect(photo.frame)
        pairs = [max(found, key=lambda d: overlap(d.box, face.box)) for face in photo.faces]
        assert len({id(one) for one in pairs}) == len(found) == len(photo.faces)
        assert [one.area for one in found] == sorted((one.area for one in found), reverse=True)
        distances += [errors(f, d.points) for f, d in zip(photo.faces, pairs)]
    assert len(distances) == 18
    assert np.median(np.concatenate(distances)) < 6.0


@pytest.mark.parametrize("angle", [-12, 12])
def test_eyes_give_the_tilt(portrait: Frame, portrait_points: np.ndarray, angle: float) -> None:
    turn = cv2.getRotationMatrix2D((325, 240), angle, 1.0)
    image = cv2.warpAffine(portrait.image, turn, (640, 480), borderMode=cv2.BORDER_REPLICATE)
    (face,) = HaarDetector().detect(Frame(image, 0))
    truth = portrait_points @ turn[:, :2].T + turn[:, 2]
    across, wanted = face.points[1] - face.points[0], truth[1] - truth[0]
    tilt = np.degrees(np.arctan2(across[1], across[0]) - np.arctan2(wanted[1], wanted[0]))
    assert abs(tilt) < 4.0


def test_without_eyes_mean_proportions_place_the_points(
    portrait: Frame, portrait_points: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_EYE_NEIGHBOURS", 10_000)
    (face,) = HaarDetector().detect(portrait)
    left, top, width, height = face.box
    in_box = (face.points + 0.5 - [left, top]) / [width, height]
    np.testing.assert_allclose(in_box, module.MEAN_POINTS, atol=1e-9)
    assert np.linalg.norm(face.points - portrait_points, axis=1).max() < 25.0


def test_the_portrait_is_turned_by_its_eyes(portrait: Frame) -> None:
    """The eyes moved the points: they are not simply the mean proportions."""
    (face,) = HaarDetector().detect(portrait)
    left, top, width, height = face.box
    in_box = (face.points + 0.5 - [left, top]) / [width, height]
    assert np.abs(in_box - module.MEAN_POINTS).max() > 0.005


def test_no_face_gives_an_empty_list() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (240, 320), np.uint8)
    assert HaarDetector().detect(Frame(noise, 0, format="gray")) == []


def test_missing_cascades_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    empty = f"{tmp_path}/"
    monkeypatch.setattr(cv2, "data", SimpleNamespace(haarcascades=empty))
    monkeypatch.setattr(module, "_SYSTEM_FOLDERS", ())
    with pytest.raises(DeviceError, match=r"haarcascade_frontalface_alt2\.xml.*get yunet"):
        HaarDetector()
