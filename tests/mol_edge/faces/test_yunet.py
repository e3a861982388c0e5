from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.faces import errors, overlap
from benchmarks.photos import Photo
from mol_edge.errors import InputError, OptionError
from mol_edge.faces import Detection, YunetDetector
from mol_edge.frame import Frame


def matched(photo: Photo, found: list[Detection]) -> list[Detection]:
    """Per annotated face the detection on it; each detection is on a face of its own."""
    pairs = [max(found, key=lambda d: overlap(d.box, face.box)) for face in photo.faces]
    assert len({id(one) for one in pairs}) == len(found) == len(photo.faces)
    assert min(overlap(d.box, f.box) for d, f in zip(pairs, photo.faces)) > 0.5
    return pairs


def landmark_distances(photos: list[Photo], detector: YunetDetector) -> np.ndarray:
    distances = []
    for photo in photos:
        pairs = matched(photo, detector.detect(photo.frame))
        distances += [errors(f, d.points) for f, d in zip(photo.faces, pairs)]
    return np.concatenate(distances)


def test_finds_all_18_faces_and_nothing_else(photos: list[Photo], yunet_file: Path) -> None:
    detector = YunetDetector(yunet_file, score=0.8)
    assert sum(len(photo.faces) for photo in photos) == 18
    for photo in photos:
        found = matched(photo, detector.detect(photo.frame))
        assert all(0.8 <= face.score <= 1.0 for face in found)


def test_refining_brings_the_aligned_landmarks_closer(
    photos: list[Photo], yunet_file: Path
) -> None:
    plain = landmark_distances(photos, YunetDetector(yunet_file))
    refined = landmark_distances(photos, YunetDetector(yunet_file, refine=True))
    assert len(plain) == len(refined) == 18 * 68
    assert np.median(plain) < 6.0
    assert np.median(refined) < 3.5
    assert np.percentile(refined, 90) < 0.6 * np.percentile(plain, 90)


def test_one_face_in_every_pixel_format(
    portrait_in_format: Frame, portrait_points: np.ndarray, yunet_file: Path
) -> None:
    (face,) = YunetDetector(yunet_file).detect(portrait_in_format)
    assert np.abs(face.points - portrait_points).max() < 12.0
    left, top, width, height = face.box
    assert 190 < width < 250
    assert left < face.points[:, 0].min() < face.points[:, 0].max() < left + width
    assert top < face.points[:, 1].min() < face.points[:, 1].max() < top + height


@pytest.mark.parametrize("zoom", [0.2, 0.5, 2.0, 3.0])
def test_points_scale_with_the_picture(
    portrait: Frame, portrait_points: np.ndarray, yunet_file: Path, zoom: float
) -> None:
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR
    image = cv2.resize(portrait.image, None, fx=zoom, fy=zoom, interpolation=way)
    for refine, tolerance in ((False, 20.0), (True, 10.0)):
        (face,) = YunetDetector(yunet_file, refine=refine).detect(Frame(image, 0))
        back = (face.points + 0.5) / zoom - 0.5
        assert np.abs(back - portrait_points).max() < tolerance


def test_a_face_that_fills_the_picture_is_found(portrait: Frame, yunet_file: Path) -> None:
    face = np.ascontiguousarray(portrait.image[125:355, 210:440])
    image = cv2.resize(face, (1280, 1280), interpolation=cv2.INTER_CUBIC)
    (found,) = YunetDetector(yunet_file).detect(Frame(image, 0))
    assert found.box[2] > 900
    large = cv2.resize(face, (640, 640), interpolation=cv2.INTER_CUBIC)
    net = cv2.FaceDetectorYN.create(str(yunet_file), "", (640, 640), 0.8)
    assert net.detect(large)[1] is None, "one size was enough, so this shows nothing"


def test_a_mirrored_picture_gives_mirrored_refined_points(
    portrait: Frame, yunet_file: Path
) -> None:
    detector = YunetDetector(yunet_file)
    face = detector.detect(portrait)[0]
    mirrored = Frame(np.ascontiguousarray(portrait.image[:, ::-1]), 0)
    flipped = face.points[[1, 0, 2, 4, 3]] * [-1, 1] + [639, 0]
    left = 640 - face.box[0] - face.box[2]
    twin = Detection((left, *face.box[1:]), flipped, face.score)
    here = detector.refine(portrait, face).points
    there = detector.refine(mirrored, twin).points[[1, 0, 2, 4, 3]] * [-1, 1] + [639, 0]
    assert np.abs(here - there).max() < 0.7
    assert np.abs(here - face.points).max() > 0.05


def test_no_face_gives_an_empty_list(yunet_file: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (240, 320, 3), np.uint8)
    assert YunetDetector(yunet_file, refine=True).detect(Frame(noise, 0)) == []


def test_pictures_of_changing_size(portrait: Frame, yunet_file: Path) -> None:
    detector = YunetDetector(yunet_file)
    first = detector.detect(portrait)[0]
    smaller = Frame(np.ascontiguousarray(portrait.image[60:, 100:540]), 0)
    cut = detector.detect(smaller)[0]
    assert np.abs(cut.points + [100, 60] - first.points).max() < 5.0
    np.testing.assert_array_equal(detector.detect(portrait)[0].points, first.points)


def test_threads_share_a_detector(portrait: Frame, yunet_file: Path) -> None:
    detector = YunetDetector(yunet_file, refine=True)
    half = Frame(np.ascontiguousarray(portrait.image[::2, ::2]), 0)
    frames = [portrait, half] * 4
    alone = [detector.detect(frame)[0].points for frame in frames[:2]]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda frame: detector.detect(frame)[0].points, frames))
    for index, points in enumerate(together):
        np.testing.assert_array_equal(points, alone[index % 2])


def test_what_is_no_model_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"not a network")
    with pytest.raises(InputError, match=r"cannot use .*wrong\.onnx as a YuNet model.*get yunet"):
        YunetDetector(wrong)
    with pytest.raises(InputError, match=r"absent\.onnx cannot be read \(No such file"):
        YunetDetector(tmp_path / "absent.onnx")
    with pytest.raises(OptionError, match=r"between 0 and 1, got 1\.5"):
        YunetDetector(wrong, score=1.5)


def test_another_network_is_refused(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Relu", ["input"], ["output"])],
        "other",
        [helper.make_tensor_value_info("input", kind, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("output", kind, [1, 3, 64, 64])],
    )
    path = tmp_path / "other.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(path))
    with pytest.raises(InputError, match=r"other\.onnx as a YuNet model"):
        YunetDetector(path)
