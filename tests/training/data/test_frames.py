import cv2
import pytest

from tests.training.data.clips import numbers, picture
from training.data.frames import numbered_frames, read_frame
from training.data.naming import NAMINGS
from training.data.report import LeftOut, Report

CASME2 = NAMINGS["casme2"]


def test_frames_come_in_the_order_of_their_numbers(folder):
    clip = folder.clip("c", numbers(9, 3))
    (clip / ".img1.jpg").write_bytes(b"hidden")
    (clip / "Thumbs.db").write_bytes(b"no picture")
    report = Report("casme2", "official")
    found = numbered_frames(clip, CASME2, "c", report)
    assert [(n, p.name) for n, p in found] == [(9, "img9.jpg"), (10, "img10.jpg"),
                                               (11, "img11.jpg")]  # fmt: skip
    assert report.findings == []


def test_foreign_pictures_are_noted_not_read(folder):
    clip = folder.clip("c", [*numbers(1, 2), "cover.jpg"])
    report = Report("casme2", "official")
    assert len(numbered_frames(clip, CASME2, "c", report)) == 2
    (finding,) = report.findings
    assert (finding.reason, finding.left_out) == ("foreign_file", False)
    assert "cover.jpg" in finding.detail


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["img1.jpg", "reg_img1.jpg"], "frame 1 must come once"),
        (["a.jpg", "b.jpg"], "frames must be named as in disgust/01_EP19_05f/img1.jpg"),
    ],
)
def test_ambiguous_names_leave_the_clip_out(folder, names, words):
    clip = folder.clip("c", names)
    with pytest.raises(LeftOut, match=words) as error:
        numbered_frames(clip, CASME2, "c", Report("casme2", "official"))
    assert error.value.finding.reason == "wrong_layout"


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_lossless_frames_are_read_as_written(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    cv2.imwrite(str(path), picture())
    image = read_frame(path, "v")
    assert image.shape == (160, 160, 3)
    assert (image == picture()[..., None]).all()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
def test_a_frame_that_is_cut_short_is_not_read(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    cv2.imwrite(str(path), picture())
    whole = path.read_bytes()
    assert read_frame(path, "v").shape == (160, 160, 3)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LeftOut, match="the file is cut short") as error:
        read_frame(path, "v")
    assert error.value.finding.reason == "unreadable_frame"
    assert path.name in error.value.finding.detail


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_what_is_no_picture_is_named(tmp_path, content):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(LeftOut, match=f"{len(content)} bytes that are no picture"):
        read_frame(path, "v")


def test_a_missing_frame_is_named(tmp_path):
    with pytest.raises(LeftOut, match="a.jpg: No such file"):
        read_frame(tmp_path / "a.jpg", "v")
