import pytest

from mol_edge.sources.container import find_truncation, lacks_pictures, video_seconds


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
def test_every_cut_is_found_and_no_whole_file_is_called_cut(video, tmp_path, ffmpeg, suffix):
    whole = tmp_path / f"whole{suffix}"
    codec = "libvpx" if suffix == ".webm" else "mpeg4"
    ffmpeg("-i", video, "-c:v", codec, "-frames:v", 30, "-movflags", "+faststart", whole)
    assert find_truncation(whole) is None
    content = whole.read_bytes()
    path = tmp_path / f"cut{suffix}"
    for fraction in (0.3, 0.6, 0.9):
        path.write_bytes(content[: int(fraction * len(content))])
        expected = f"has {int(fraction * len(content))} of the {len(content)} bytes"
        assert expected in find_truncation(path)
    path.write_bytes(content[:-1])
    assert f"has {len(content) - 1} of the {len(content)} bytes" in find_truncation(path)


def test_a_recording_of_open_length_is_not_called_cut(video, tmp_path, ffmpeg):
    path = tmp_path / "live.mkv"
    ffmpeg("-i", video, "-c", "copy", "-live", "1", path)
    assert find_truncation(path) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"GIF89a" + bytes(50),
        b"\x1a\x45\xdf\xa3",
        bytes(100),
        b"\x00\x00\x00\x05ftyp",
    ],
)
def test_other_files_are_not_called_cut(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert find_truncation(path) is None


def test_padding_behind_the_last_box_is_no_cut(video, tmp_path):
    path = tmp_path / "padded.mp4"
    path.write_bytes(video.read_bytes() + bytes(512))
    assert find_truncation(path) is None


def test_a_box_of_64_bits_is_read(tmp_path):
    path = tmp_path / "large.mp4"
    head = (16).to_bytes(4, "big") + b"ftyp" + bytes(8)
    large = (1).to_bytes(4, "big") + b"mdat" + (1 << 33).to_bytes(8, "big")
    path.write_bytes(head + large + bytes(100))
    assert (
        find_truncation(path)
        == f"the file has 132 of the {(1 << 33) + 16} bytes that its header states"
    )


@pytest.mark.parametrize(
    ("suffix", "faststart"), [(".mp4", True), (".mp4", False), (".mov", False)]
)
def test_how_long_the_pictures_last(video, tmp_path, ffmpeg, suffix, faststart):
    path = tmp_path / f"sound{suffix}"
    flags = ("-movflags", "+faststart") if faststart else ()
    ffmpeg("-f", "lavfi", "-i", "sine=duration=5", "-i", video, "-c:v", "copy", *flags, path)
    assert video_seconds(path) == pytest.approx(3.0, abs=0.002)


def test_other_containers_do_not_say_how_long_the_pictures_last(video, tmp_path, ffmpeg):
    for suffix in (".mkv", ".avi"):
        ffmpeg("-i", video, "-c", "copy", tmp_path / f"v{suffix}")
        assert video_seconds(tmp_path / f"v{suffix}") is None
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    assert video_seconds(tmp_path / "noise") is None


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".m4a"])
def test_a_recording_of_sound_lacks_pictures(video, tmp_path, ffmpeg, suffix):
    sound = ("-f", "lavfi", "-i", "sine=duration=1")
    ffmpeg(*sound, tmp_path / f"sound{suffix}")
    assert lacks_pictures(tmp_path / f"sound{suffix}")
    if suffix != ".m4a":
        ffmpeg(*sound, "-i", video, "-c:v", "copy", tmp_path / f"both{suffix}")
        assert not lacks_pictures(tmp_path / f"both{suffix}")


def test_other_files_are_not_said_to_lack_pictures(video, tmp_path, ffmpeg):
    ffmpeg("-f", "lavfi", "-i", "sine=duration=1", tmp_path / "sound.mkv")
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    (tmp_path / "cut.mp4").write_bytes(video.read_bytes()[:100])
    for name in ("sound.mkv", "noise", "cut.mp4"):
        assert not lacks_pictures(tmp_path / name)
