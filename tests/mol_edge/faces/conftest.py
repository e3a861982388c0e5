"""Real photographs, the real YuNet file, and a face that ships with the tree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mol_edge.frame import Frame

if TYPE_CHECKING:
    from benchmarks.photos import Photo

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def yunet_file() -> Path:
    path = DATA / "face_detection_yunet_2023mar.onnx"
    if not path.is_file():
        pytest.skip("the YuNet file of shared/data is not here")
    return path


@pytest.fixture(scope="session")
def photos() -> list[Photo]:
    from benchmarks.photos import read_photos

    folder = DATA / "faces"
    if not (folder / "landmarks.json").is_file():
        pytest.skip("the photographs of shared/data/faces are not here")
    return read_photos(folder)


@pytest.fixture(scope="session")
def portrait() -> Frame:
    """The demo video's first frame: 640 × 480, one face."""
    cv2 = pytest.importorskip("cv2", reason="the demo video is read with it")
    capture = cv2.VideoCapture(str(ROOT / "examples" / "data" / "demo.mp4"))
    decoded, image = capture.read()
    capture.release()
    assert decoded
    return Frame(np.asarray(image, np.uint8), timestamp_ns=0)


# Read off the portrait by eye, to about three pixels.
PORTRAIT_POINTS = np.array([[272, 213], [379, 217], [323, 278], [275, 308], [373, 309.0]])


@pytest.fixture
def no_yunet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache and no variable that names a file; gives the cache folder."""
    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path / "cache"))
    for name in ("MOL_EDGE_YUNET", "MOL_EDGE_YUNET_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache"


@pytest.fixture
def portrait_points() -> np.ndarray:
    return PORTRAIT_POINTS.copy()


def as_format(frame: Frame, name: str) -> Frame:
    """`frame` (BGR) as a camera would deliver it in the pixel format `name`."""
    import cv2

    image = frame.image
    if name == "rgb":
        return Frame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), 0, format="rgb")
    if name == "gray":
        return Frame(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), 0, format="gray")
    planar = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420)
    height, width = image.shape[:2]
    luma = planar[:height]
    quarter = planar[height:].reshape(2, height // 2, width // 2)
    if name == "nv12":
        chroma = np.stack([quarter[0], quarter[1]], axis=-1).reshape(height // 2, width)
        return Frame(np.vstack([luma, chroma]), 0, format="nv12")
    tall = np.repeat(quarter, 2, axis=1)
    packed = np.empty((height, width, 2), np.uint8)
    packed[..., 0] = luma
    packed[:, 0::2, 1], packed[:, 1::2, 1] = tall[0], tall[1]
    return Frame(packed, 0, format="yuyv")


@pytest.fixture(params=["bgr", "rgb", "gray", "nv12", "yuyv"])
def portrait_in_format(request: pytest.FixtureRequest, portrait: Frame) -> Frame:
    name: str = request.param
    return portrait if name == "bgr" else as_format(portrait, name)
