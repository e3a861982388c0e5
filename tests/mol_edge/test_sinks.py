from __future__ import annotations

import contextlib
import csv
import dataclasses
import errno
import json
import resource
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from mol_edge import drawn_sinks, video_writer
from mol_edge.draw import Annotator
from mol_edge.errors import OptionError, OutputError
from mol_edge.frame import Frame
from mol_edge.results import FrameResult
from mol_edge.sink_base import cannot_write
from mol_edge.sinks import CsvSink, EventCsvSink, JsonlSink, TimelineSink, VideoSink
from tests.mol_edge.synthetic_results import LABELS, make_event, make_frame, make_result

HEADER = {"schema": 2, "kind": "header", "labels": list(LABELS)}


def test_json_lines_are_a_header_then_a_line_per_frame(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with JsonlSink(path, HEADER) as sink:
        for index in range(3):
            sink.write(make_frame(index=index), make_result(index))
        sink.write_record({"kind": "summary"})
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["header", "frame", "frame", "frame", "summary"]
    assert [line["index"] for line in lines[1:4]] == [0, 1, 2]


def with_event(index: int) -> FrameResult:
    return dataclasses.replace(make_result(index), events=(make_event(),))


def test_an_event_has_a_line_after_that_of_its_frame(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with JsonlSink(path, HEADER) as sink:
        sink.write(make_frame(), make_result(0))
        sink.write(make_frame(), with_event(1))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["header", "frame", "frame", "event"]
    assert (lines[3]["frame"], lines[3]["onset"], lines[3]["label"]) == (1, 3, "negative")


def test_frames_can_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with JsonlSink(path, HEADER, events_only=True) as sink:
        sink.write(make_frame(), make_result(0))
        sink.write(make_frame(), with_event(1))
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["header", "event"]


def test_events_become_a_table(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    with EventCsvSink(path) as sink:
        sink.write(make_frame(), make_result(0))
        sink.write(make_frame(), with_event(1))
        unclassed = dataclasses.replace(make_result(2), events=(make_event(0, 2, 30, label=False),))
        sink.write(make_frame(), unclassed)
    with path.open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["kind"], first["onset"], first["apex"], first["offset"]) == (
        "micro",
        "3",
        "5",
        "10",
    )
    assert (first["onset_s"], first["duration_ms"]) == ("0.120000", "280.0")
    assert (first["region"], first["peak_px"]) == ("mouth", "0.85")
    assert (first["label"], float(first["confidence"])) == ("negative", pytest.approx(0.7))
    assert (second["kind"], second["label"], second["confidence"]) == ("macro", "", "")


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


def test_lines_are_whole_while_the_sink_is_open(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    sink = JsonlSink(path, HEADER)
    for index in range(20):
        sink.write(make_frame(index=index), make_result(index))
        text = path.read_text(encoding="utf-8")
        assert text.endswith("}\n")
        assert json.loads(text.splitlines()[-1])["index"] == index
    sink.close()
    sink.close()
    with pytest.raises(OptionError, match="closed"):
        sink.write_record({})


def test_json_lines_refuse_numbers_that_json_cannot_say(tmp_path: Path) -> None:
    with (
        JsonlSink(tmp_path / "results.jsonl", HEADER) as sink,
        pytest.raises(ValueError, match="JSON"),
    ):
        sink.write_record({"value": float("nan")})
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 1


def test_csv_has_a_row_per_window(tmp_path: Path) -> None:
    path = tmp_path / "probabilities.csv"
    with CsvSink(path, LABELS) as sink:
        sink.write(make_frame(), make_result(0, window=False))
        sink.write(make_frame(), make_result(1, faces_found=0))
        sink.write(make_frame(), make_result(2))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1
    row = rows[0]
    assert (row["frame"], row["time_s"], row["track"]) == ("2", "0.080000", "0")
    assert (row["label"], row["window_ms"]) == ("negative", "350.0")
    assert sum(float(row[f"p_{label}"]) for label in LABELS) == pytest.approx(1.0, abs=1e-5)


def test_a_label_with_a_comma_stays_one_cell(tmp_path: Path) -> None:
    path = tmp_path / "probabilities.csv"
    labels = ("a,b", 'c"d', "e")
    with CsvSink(path, labels) as sink:
        sink.write(make_frame(), make_result())
    with path.open(newline="") as file:
        row = next(csv.DictReader(file))
    assert float(row["p_a,b"]) == pytest.approx(0.2)
    assert row["label"] == 'c"d'


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="name a folder that you may write to"):
        CsvSink(tmp_path / "file" / "probabilities.csv", LABELS)


@contextlib.contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """A full disk: of what goes beyond `size` bytes of a file a part is taken, the rest refused."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_no_line_is_cut_where_the_disk_is_full(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    with JsonlSink(path, HEADER) as sink:
        whole = path.read_bytes()
        with files_end_at(len(whole) + 9), pytest.raises(OutputError, match="Cannot write"):
            sink.write_record({"kind": "frame", "index": 0})
        assert path.read_bytes() == whole
        sink.write_record({"kind": "summary"})
    assert path.read_bytes() == whole + b'{"kind":"summary"}\n'


def test_a_full_disk_is_told_from_a_folder_that_may_not_be_written_to() -> None:
    full = cannot_write(Path("a"), OSError(errno.ENOSPC, "No space left on device"))
    assert str(full) == (
        "Cannot write a (No space left on device): make room there, or name a folder on another "
        "disk."
    )
    denied = cannot_write(Path("a"), OSError(errno.EACCES, "Permission denied"))
    assert str(denied) == (
        "Cannot write a (Permission denied): name a folder that you may write to."
    )


def test_half_a_video_is_no_video_whatever_ffmpeg_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(
        "#!/bin/sh\ncat > /dev/null\nfor target; do :; done\n"
        'printf "\\0\\0\\0\\10ftyp" > "$target"\necho "No space left on device" >&2\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(video_writer, "_ffmpeg", lambda: str(program))
    path = tmp_path / "out" / "annotated.mp4"
    path.parent.mkdir()
    path.write_text("of an earlier run")
    sink = VideoSink(path, Annotator(LABELS), fps=25)
    sink.write(make_frame(), make_result())
    with pytest.raises(OutputError, match="ffmpeg said 'No space left on device'"):
        sink.close()
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
    with pytest.raises(OutputError, match="Cannot write"):
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
