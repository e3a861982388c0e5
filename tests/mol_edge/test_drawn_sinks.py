from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from mol_edge import drawn_sinks, video_writer
from mol_edge.draw import Annotator
from mol_edge.errors import OptionError, OutputError
from mol_edge.frame import Frame
from mol_edge.results import FrameResult
from mol_edge.sinks import TimelineSink, VideoSink
from tests.mol_edge.synthetic_results import LABELS, make_frame, make_result, with_event


def test_a_timeline_is_a_picture_that_appears_on_close(tmp_path: Path) -> None:
    path = tmp_path / "timeline.png"
    with TimelineSink(path, title="a.mp4") as sink:
        for index in range(50):
            sink.write(make_frame(), with_event(index) if index == 20 else make_result(index))
        assert not path.exists()
    assert list(tmp_path.iterdir()) == [path]
    assert cv2.imread(str(path)).shape == (660, 1600, 3)
    sink.close()
    with pytest.raises(OptionError, match="TimelineSink is closed"):
        sink.write(make_frame(), make_result())


def test_no_frame_makes_no_timeline(tmp_path: Path) -> None:
    TimelineSink(tmp_path / "timeline.png").close()
    assert list(tmp_path.iterdir()) == []


def test_a_timeline_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    sink = TimelineSink(tmp_path / "absent" / "timeline.png")
    sink.write(make_frame(), make_result())
    with pytest.raises(OutputError, match="Cannot write"):
        sink.close()


def test_half_a_video_is_no_video_whatever_ffmpeg_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(
        "#!/bin/sh\ncat > /dev/null\nfor target; do :; done\n"
        'printf "\\0\\0\\0\\10ftyp" > "$target"\necho "$target: No space left on device" >&2\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(video_writer, "_ffmpeg", lambda: str(program))
    path = tmp_path / "out" / "annotated.mp4"
    path.parent.mkdir()
    path.write_text("of an earlier run")
    sink = VideoSink(path, Annotator(LABELS), fps=25)
    sink.write(make_frame(), make_result())
    with pytest.raises(OutputError) as caught:
        sink.close()
    assert str(caught.value) == (
        f"Cannot write {path} (ffmpeg said '{path}: No space left on device'): make room there, or "
        "name a folder that you may write to."
    )
    assert path.read_text() == "of an earlier run"
    assert list(path.parent.iterdir()) == [path]


@pytest.fixture(params=["ffmpeg", "opencv"])
def encoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name: str = request.param
    if name == "opencv":
        monkeypatch.setattr(video_writer, "_ffmpeg", lambda: None)
    elif video_writer._ffmpeg() is None:
        pytest.skip("no ffmpeg with libx264 on this machine")
    return name


def test_the_video_holds_every_frame_and_appears_on_close(tmp_path: Path, encoder: str) -> None:
    path = tmp_path / "annotated.mp4"
    with VideoSink(path, Annotator(LABELS), fps=25) as sink:
        for index in range(12):
            sink.write(make_frame(index=index), make_result(index))
        assert not path.exists()
    assert list(tmp_path.iterdir()) == [path]
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.read()[0]:
        count += 1
    assert count == 12
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(25)
    fourcc = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little")
    assert fourcc in ((b"h264", b"avc1") if encoder == "ffmpeg" else (b"FMP4", b"mp4v"))


def test_frames_of_another_size_are_fitted(tmp_path: Path, encoder: str) -> None:
    path = tmp_path / "annotated.mp4"
    with VideoSink(path, Annotator(LABELS), fps=30) as sink:
        sink.write(make_frame(320, 240), make_result())
        sink.write(make_frame(500, 300), make_result())
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 2
    pictures = [capture.read()[1] for _ in range(2)]
    assert pictures[0].shape == pictures[1].shape
    # The second is wider: black above and below it, and nothing is stretched.
    assert pictures[1][:8].max() < 30
    assert pictures[0][:8].max() > 60


def test_a_video_that_keeps_time_repeats_frames_and_leaves_them_out(tmp_path: Path) -> None:
    path = tmp_path / "annotated.mp4"
    # At 10 a second: the second stands for 3, the fourth is left out, a jump is cut to 10 seconds.
    times_ms = [5000, 5100, 5400, 5410, 5500, 500_000, 500_100]
    with VideoSink(path, Annotator(LABELS), fps=10, keep_time=True) as sink:
        for index, time_ms in enumerate(times_ms):
            result = dataclasses.replace(make_result(index), timestamp_ns=time_ms * 1_000_000)
            sink.write(make_frame(index=index), result)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) == 1 + 1 + 3 + 0 + 1 + 100 + 1


def test_a_picture_stands_until_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    class Writer:
        def write(self, picture: video_writer.Image) -> None:
            written.append(int(picture[0, 0, 0]))

        def close(self) -> None:
            (tmp_path / ".a.part.mp4").touch()

    class Numbered(Annotator):
        def draw(self, frame: Frame, result: FrameResult) -> video_writer.Image:
            return np.full((2, 2, 3), result.index, np.uint8)

    monkeypatch.setattr(drawn_sinks, "open_video", lambda *_: Writer())
    with VideoSink(tmp_path / "a.mp4", Numbered(LABELS), fps=10, keep_time=True) as sink:
        for index, time_ms in enumerate([0, 100, 400, 410, 500]):
            result = dataclasses.replace(make_result(index), timestamp_ns=time_ms * 1_000_000)
            sink.write(make_frame(index=index), result)
    assert written == [0, 1, 1, 1, 2, 4]


def test_a_video_is_finished_when_an_error_passes(tmp_path: Path, encoder: str) -> None:
    path = tmp_path / "annotated.mp4"
    with pytest.raises(KeyboardInterrupt), VideoSink(path, Annotator(LABELS), fps=25) as sink:
        sink.write(make_frame(), make_result())
        raise KeyboardInterrupt
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) == 1


def test_a_video_that_cannot_be_written_is_an_output_error(tmp_path: Path, encoder: str) -> None:
    sink = VideoSink(tmp_path / "absent" / "annotated.mp4", Annotator(LABELS), fps=25)
    with pytest.raises(OutputError, match="Cannot write .*/absent/annotated.mp4[ :]"):
        for index in range(50):
            sink.write(make_frame(index=index), make_result(index))
        sink.close()


def test_the_rate_may_be_told_at_the_first_frame(tmp_path: Path, encoder: str) -> None:
    path, rates = tmp_path / "annotated.mp4", []
    with VideoSink(path, Annotator(LABELS), lambda: rates[0]) as sink:
        rates.append(12.5)
        sink.write(make_frame(), make_result())
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)


def test_no_frame_makes_no_video(tmp_path: Path) -> None:
    with VideoSink(tmp_path / "annotated.mp4", Annotator(LABELS), fps=25):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(tmp_path: Path, fps: float) -> None:
    with pytest.raises(OptionError, match="fps must lie between 0 and 1000"):
        VideoSink(tmp_path / "annotated.mp4", Annotator(LABELS), fps=fps)
