import os
import re
import struct
from zlib import compress, crc32

import cv2
import numpy as np
import pytest

from mol_edge.errors import InputError
from mol_edge.sources import SourceOptions, open_source


def cut(path, folder, fraction):
    content = path.read_bytes()
    target = folder / f"cut{path.suffix}"
    target.write_bytes(content[: int(len(content) * fraction)])
    return target


def timestamps(frames):
    return [frame.timestamp_ns for frame in frames]


def test_a_video_gives_its_frames_and_their_times(video):
    with open_source(video) as source:
        assert source.period_ns == 33_333_333
        assert source.frame_count == 90
        assert not source.live
        frames = list(source)
    assert [frame.index for frame in frames] == list(range(90))
    np.testing.assert_allclose(timestamps(frames), np.arange(90) * 1e9 / 30, atol=1000)
    assert all((frame.width, frame.height, frame.format) == (64, 48, "bgr") for frame in frames)
    assert not np.array_equal(frames[0].image, frames[1].image)
    assert source.incomplete is None


def test_a_path_object_and_text_are_the_same(video):
    assert open_source(str(video)).frame_count == open_source(video).frame_count == 90


def test_times_are_the_containers_not_a_constant_rate(video, tmp_path, ffmpeg):
    """Frames 30 to 44 are left out, the others keep their times."""
    path = tmp_path / "uneven.mp4"
    chosen = "select='not(between(n,30,44))'"
    ffmpeg("-i", video, "-vf", chosen, "-vsync", "vfr", "-c:v", "mpeg4", path)
    with open_source(path) as source:
        times = timestamps(source)
    assert len(times) == 75
    intervals = np.diff(times)
    assert intervals.argmax() == 29
    assert intervals.max() == pytest.approx(16e9 / 30, abs=1e6)
    assert np.median(intervals) == pytest.approx(1e9 / 30, abs=1e6)


def test_rotation_is_applied(video, tmp_path, ffmpeg):
    path = tmp_path / "turned.mp4"
    ffmpeg("-i", video, "-c", "copy", "-metadata:s:v", "rotate=90", path)
    probe = cv2.VideoCapture(str(path))
    if probe.get(cv2.CAP_PROP_ORIENTATION_META) == 0:
        pytest.skip("this ffmpeg writes no rotation that OpenCV reads")
    with open_source(path) as source, open_source(video) as upright:
        turned, frame = next(iter(source)), next(iter(upright))
    assert (turned.width, turned.height) == (48, 64)
    sides = [np.rot90(frame.image, k) for k in (1, 3)]
    assert min(np.abs(turned.image.astype(int) - side).max() for side in sides) <= 2


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_a_cut_video_keeps_what_was_decoded_and_is_incomplete(video, tmp_path, ffmpeg, suffix):
    whole = tmp_path / f"whole{suffix}"
    ffmpeg("-i", video, "-c", "copy", "-movflags", "+faststart", whole)
    with open_source(whole) as source:
        assert len(list(source)) == 90
        assert source.incomplete is None
    path = cut(whole, tmp_path, 0.6)
    with open_source(path) as source:
        frames = list(source)
    assert 20 < len(frames) < 70
    assert np.all(np.diff(timestamps(frames)) > 0)
    stated, there = whole.stat().st_size, path.stat().st_size
    assert source.incomplete == f"the file has {there} of the {stated} bytes that its header states"


def test_a_video_that_decodes_short_is_incomplete(video, tmp_path, ffmpeg):
    """The bytes of all frames from the 41st on are gone, the file's length is not."""
    whole = tmp_path / "whole.avi"
    ffmpeg("-i", video, "-c:v", "mjpeg", "-q:v", "3", whole)
    content = bytearray(whole.read_bytes())
    end = content.index(b"idx1")
    frames_at = [
        match.start() for match in re.finditer(b"00dc", content[content.index(b"movi") : end])
    ]
    assert len(frames_at) == 90
    first_lost = content.index(b"movi") + frames_at[40]
    content[first_lost:end] = bytes(end - first_lost)
    whole.write_bytes(content)
    with open_source(whole) as source:
        decoded = len(list(source))
    assert 40 <= decoded < 80
    expected = f"{decoded} of the 90 frames that its header states could be decoded"
    assert source.incomplete == expected


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_a_video_cut_out_of_another_is_complete(tmp_path, ffmpeg, suffix):
    """Without coding anew, frames before the cut stay in the file and are not shown."""
    long, part = tmp_path / "long.mp4", tmp_path / f"part{suffix}"
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x48:rate=30:duration=6", "-g", 100, long)
    ffmpeg("-ss", 2, "-i", long, "-c", "copy", part)
    with open_source(part) as source:
        assert len(list(source)) >= 120
    assert source.incomplete is None


def test_a_longer_sound_track_is_no_missing_video(video, tmp_path, ffmpeg):
    path = tmp_path / "sound.mp4"
    sound = ("-f", "lavfi", "-i", "sine=duration=5")
    ffmpeg("-i", video, *sound, "-c:v", "copy", path)
    with open_source(path) as source:
        assert len(list(source)) == 90
    assert source.incomplete is None


def test_frames_without_times_follow_at_the_last_interval(tmp_path, ffmpeg):
    """An AVI with frames out of order gives no time for its last ones."""
    path = tmp_path / "reordered.avi"
    noise = "testsrc=size=64x48:rate=30:duration=1"
    ffmpeg("-f", "lavfi", "-i", noise, "-c:v", "mpeg4", "-bf", 2, path)
    with open_source(path) as source:
        times = timestamps(source)
    assert len(times) == 30
    np.testing.assert_allclose(np.diff(times), 1e9 / 30, atol=1e3)
    assert source.incomplete is None


def test_a_cut_video_that_lost_its_index_is_no_video(video, tmp_path, ffmpeg):
    whole = tmp_path / "index_behind.mp4"
    ffmpeg("-i", video, "-c", "copy", whole)
    with pytest.raises(InputError, match=r"cut.mp4 must be a video and cannot be decoded as one"):
        open_source(cut(whole, tmp_path, 0.6))


def test_text_named_as_a_video_is_refused(tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("not a video\n" * 100)
    with pytest.raises(InputError, match="text.mp4 must be a video and cannot be decoded as one"):
        open_source(path)


def test_sound_alone_is_no_video(tmp_path, ffmpeg):
    path = tmp_path / "sound.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", path)
    with pytest.raises(InputError) as caught:
        open_source(path)
    assert str(caught.value) == (
        f"{path} must be a video and has no track of pictures, only of sound or of other data: "
        "name another file."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["video.mp4", "picture.png", "locked/video.mp4"])
def test_what_may_not_be_read_is_told_to_be_so(name, video, tmp_path):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(video.read_bytes())
    locked = path if path.parent == tmp_path else path.parent
    locked.chmod(0)
    try:
        with pytest.raises(InputError) as caught:
            list(open_source(path))
    finally:
        locked.chmod(0o700)
    assert str(caught.value) == (
        f"{path} cannot be read (Permission denied): check its permissions."
    )


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(InputError, match="empty.mp4 must be a video and is an empty file"):
        open_source(tmp_path / "empty.mp4")


def test_a_path_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"There is no file or folder .*/nothing.mp4: check the"):
        open_source(tmp_path / "nothing.mp4")


@pytest.fixture
def folder(tmp_path):
    """12 images named by their place, whose gray level is 10 times their number."""
    for number in range(1, 13):
        image = np.full((20, 30, 3), number * 10, np.uint8)
        assert cv2.imwrite(str(tmp_path / f"Frame{number}.png"), image)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.png").write_text("not an image")
    return tmp_path


def test_images_come_in_the_order_of_their_numbers(folder):
    with open_source(folder, SourceOptions(fps=25)) as source:
        assert source.frame_count == 12
        assert source.period_ns == 40_000_000
        frames = list(source)
    assert [frame.image[0, 0, 0] for frame in frames] == list(range(10, 130, 10))
    assert timestamps(frames) == [40_000_000 * i for i in range(12)]
    assert source.incomplete is None


def test_images_come_at_30_per_second_by_default(folder):
    assert timestamps(open_source(folder))[:3] == [0, 33_333_333, 66_666_666]


def test_one_image_is_one_frame(folder):
    frames = list(open_source(folder / "Frame7.png"))
    assert len(frames) == 1
    assert frames[0].image[0, 0, 0] == 70


def test_an_image_that_cannot_be_read_is_named(folder):
    (folder / "Frame5.png").write_text("text")
    frames = iter(open_source(folder))
    assert [next(frames).index for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(InputError, match=r"Frame5.png cannot be decoded: replace it or take"):
        next(frames)


def test_one_image_that_cannot_be_decoded_is_in_no_folder(tmp_path):
    (tmp_path / "text.png").write_text("text")
    with pytest.raises(InputError, match=r"text.png cannot be decoded: replace it\.$"):
        list(open_source(tmp_path / "text.png"))


def test_an_image_that_states_an_enormous_size_is_refused(tmp_path):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", compress(b"0")) + chunk(b"IEND", b"")
    (tmp_path / "wall.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    with pytest.raises(InputError, match=r"wall.png cannot be decoded \(pixels <= .*\): replace"):
        next(iter(open_source(tmp_path)))


def test_a_tiny_image_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((1, 1, 3), np.uint8))
    with pytest.raises(InputError, match=r"at least 16 x 16 pixels, and .*dot.png has 1 x 1"):
        list(open_source(tmp_path))


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"must hold images \(.bmp, .jpeg, .* and holds none"):
        open_source(tmp_path)
