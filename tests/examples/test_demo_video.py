from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from examples import make_demo_video as demo
from mol_edge.faces import FaceDetector, HaarDetector, YunetDetector
from mol_edge.frame import Frame

ROOT = Path(__file__).resolve().parents[2]
VIDEO = ROOT / "examples" / "data" / "demo.mp4"
YUNET = ROOT.parent / "shared" / "data" / "face_detection_yunet_2023mar.onnx"


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    capture = cv2.VideoCapture(str(VIDEO))
    found = []
    while (read := capture.read())[0]:
        found.append(read[1])
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    assert rate == demo.FPS
    return found


def test_the_file_is_small_and_whole(frames: list[np.ndarray]) -> None:
    assert VIDEO.stat().st_size <= 1_000_000
    assert len(frames) == demo.FRAMES
    assert {frame.shape for frame in frames} == {(demo.HEIGHT, demo.WIDTH, 3)}


def test_the_truth_beside_it_is_what_the_script_moves() -> None:
    with VIDEO.with_suffix(".csv").open() as handle:
        rows = list(csv.DictReader(handle))
    stated = [(row["action"], *(int(row[k]) for k in ("onset", "apex", "offset"))) for row in rows]
    assert stated == [(a.name, a.onset, a.apex, a.offset) for a in demo.ACTIONS]
    expressions = [action for action in demo.ACTIONS if action.name != "half_blink"]
    assert len(expressions) == 3
    for action in expressions:
        assert 1e3 * (action.apex - action.onset) / demo.FPS == pytest.approx(160, abs=10)
        assert 1e3 * (action.offset - action.onset) / demo.FPS == pytest.approx(390, abs=15)


@pytest.mark.parametrize("action", demo.ACTIONS, ids=lambda action: action.name)
def test_an_action_is_at_rest_at_its_ends_and_full_at_its_apex(action: demo.Action) -> None:
    assert action.intensity(action.onset) == action.intensity(action.offset) == 0.0
    assert action.intensity(action.apex) == action.intensity(action.apex + demo.HOLD) == 1.0
    rising = [action.intensity(frame) for frame in range(action.onset, action.apex + 1)]
    falling = [action.intensity(f) for f in range(action.apex + demo.HOLD, action.offset + 1)]
    assert np.all(np.diff(rising) > 0)
    assert np.all(np.diff(falling) < 0)
    others = [one for one in demo.ACTIONS if one is not action]
    assert all(one.intensity(action.apex) == 0.0 for one in others)


@pytest.mark.parametrize("action", demo.ACTIONS, ids=lambda action: action.name)
def test_no_warp_folds_the_skin(action: demo.Action) -> None:
    motion = demo.displacement(action.apex)
    largest = np.linalg.norm(motion, axis=0).max()
    assert 2.0 < largest < 7.0
    stretch = [np.abs(np.gradient(motion[axis], axis=1 - axis)).max() for axis in (0, 1)]
    assert max(stretch) < 0.8


@pytest.mark.parametrize(
    ("name", "centre", "wanted"),
    [
        ("brow_raise", (267, 182), (0.0, -3.6)),
        ("lip_corner_pull", (275, 308), (-3.0, -2.4)),
        ("lip_corner_pull", (374, 308), (3.0, -2.4)),
        ("brow_furrow", (294, 186), (2.6, 2.2)),
    ],
)
def test_the_video_moves_as_stated(
    frames: list[np.ndarray], name: str, centre: tuple[int, int], wanted: tuple[float, float]
) -> None:
    """Optical flow of the decoded pictures from onset to apex, less the sway of the head."""
    action = next(one for one in demo.ACTIONS if one.name == name)
    gray = [cv2.cvtColor(frames[i], cv2.COLOR_BGR2GRAY) for i in (action.onset, action.apex)]
    flow = cv2.calcOpticalFlowFarneback(gray[0], gray[1], None, 0.5, 4, 15, 5, 7, 1.5, 0)
    x, y = centre
    seen = flow[y - 6 : y + 7, x - 6 : x + 7].reshape(-1, 2).mean(axis=0)
    seen -= np.subtract(demo.sway(action.apex), demo.sway(action.onset))
    assert np.linalg.norm(seen - wanted) < 0.4 * np.linalg.norm(wanted)


def test_it_is_still_between_the_actions(frames: list[np.ndarray]) -> None:
    gray = [cv2.cvtColor(frames[i], cv2.COLOR_BGR2GRAY) for i in (180, 190)]
    flow = cv2.calcOpticalFlowFarneback(gray[0], gray[1], None, 0.5, 4, 15, 5, 7, 1.5, 0)
    flow -= np.subtract(demo.sway(190), demo.sway(180))
    assert np.linalg.norm(flow[150:330, 240:410], axis=-1).mean() < 0.25


def test_the_script_gives_these_pictures(frames: list[np.ndarray]) -> None:
    pytest.importorskip("skimage")
    drawn = demo.render(55)
    np.testing.assert_array_equal(drawn, demo.render(55))
    decoded = cv2.cvtColor(frames[55], cv2.COLOR_BGR2RGB)
    here = np.abs(drawn.astype(float) - decoded)[140:350, 200:450].mean()
    rest = np.abs(demo.render(45).astype(float) - decoded)[140:350, 200:450].mean()
    assert here < 2.5
    assert here < rest


@pytest.mark.parametrize("name", ["haar", "yunet"])
def test_exactly_one_face(frames: list[np.ndarray], name: str) -> None:
    if name == "yunet" and not YUNET.is_file():
        pytest.skip("the YuNet file of shared/data is not here")
    detector: FaceDetector = HaarDetector() if name == "haar" else YunetDetector(YUNET)
    chosen = sorted({*range(0, demo.FRAMES, 30), *(action.apex for action in demo.ACTIONS)})
    found = [detector.detect(Frame(frames[index], 0)) for index in chosen]
    assert [len(faces) for faces in found] == [1] * len(chosen)
    assert min(faces[0].box[2] for faces in found) >= 200
