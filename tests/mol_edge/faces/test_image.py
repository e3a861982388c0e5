from __future__ import annotations

import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from mol_edge.errors import DeviceError, MissingExtraError
from mol_edge.faces import HaarDetector
from mol_edge.faces.image import opencv, to_bgr, to_gray
from mol_edge.frame import Frame


def test_every_format_gives_the_same_picture(portrait: Frame, portrait_in_format: Frame) -> None:
    gray = cv2.cvtColor(portrait.image, cv2.COLOR_BGR2GRAY).astype(float)
    bgr = to_bgr(portrait_in_format, cv2)
    assert bgr.shape == (480, 640, 3)
    assert bgr.flags.c_contiguous
    difference = np.abs(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY) - gray)
    # Video chroma has half the resolution or less.
    assert difference.mean() < 1.0
    luma = to_gray(portrait_in_format, cv2).astype(float)
    assert luma.shape == (480, 640)
    if portrait_in_format.format in ("nv12", "yuyv"):
        luma = (luma - 16) * 255 / 219
    assert np.abs(luma - gray).mean() < 1.0


@pytest.mark.parametrize("portrait_in_format", ["bgr", "rgb", "nv12", "yuyv"], indirect=True)
def test_colour_is_kept(portrait: Frame, portrait_in_format: Frame) -> None:
    difference = to_bgr(portrait_in_format, cv2).astype(float) - portrait.image
    assert np.abs(difference).mean(axis=(0, 1)).max() < 3.0


def test_rows_may_have_any_stride(portrait: Frame) -> None:
    padded = np.zeros((480, 700, 3), np.uint8)
    padded[:, :640] = portrait.image
    strided = Frame(padded[:, :640], 0)
    np.testing.assert_array_equal(to_bgr(strided, cv2), portrait.image)


def test_without_opencv_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(MissingExtraError, match=r"opencv-python.*mol-edge\[cpu\]"):
        HaarDetector()


def test_an_opencv_without_the_class_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", SimpleNamespace(__version__="5.0.0"))
    with pytest.raises(DeviceError, match=r"cv2\.CascadeClassifier.*5\.0\.0.*4\.8"):
        opencv("The detector", "CascadeClassifier")
