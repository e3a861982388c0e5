"""What cannot work is told before graphs are built, let alone clips rendered."""

from __future__ import annotations

from pathlib import Path

import pytest

from export import convert
from export.convert import convert_all
from export.judge import JudgeOptions, judge_bundle
from export.options import ExportOptions
from export.precision.add import PrecisionOptions
from mol_edge.errors import InputError, MissingExtraError, OptionError, OutputError


@pytest.fixture(autouse=True)
def _nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("graphs were built before all was looked at")

    monkeypatch.setattr(convert, "_write_graphs", fail)


def _export(checkpoint: Path, folder: Path, **precision: str) -> None:
    wanted = PrecisionOptions(("int8",), **precision)  # type: ignore[arg-type]
    convert_all(checkpoint, folder, ExportOptions(precision=wanted))


@pytest.mark.parametrize("option", ["calibration", "evaluation"])
def test_an_empty_folder_of_clips(option: str, lite_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    with pytest.raises(InputError, match="clips must be a folder of videos .* and is empty"):
        _export(lite_checkpoint, tmp_path / "b", **{option: str(tmp_path / "clips")})


@pytest.mark.parametrize("option", ["calibration", "evaluation"])
def test_a_folder_that_is_not_there(option: str, lite_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'/nowhere' is neither"):
        _export(lite_checkpoint, tmp_path / "b", **{option: "/nowhere"})


@pytest.mark.parametrize(
    ("option", "told"),
    [
        (
            "calibration",
            r"a folder of videos \(\.avi, .*\) or of prepared clips, and holds neither",
        ),
        ("evaluation", r"A prepared set has an index\.json"),
    ],
)
def test_a_folder_of_something_else(
    option: str, told: str, lite_checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "picture.jpg").write_text("no clips")
    with pytest.raises(InputError, match=told):
        _export(lite_checkpoint, tmp_path / "b", **{option: str(tmp_path)})


def test_one_folder_for_calibration_and_evaluation(lite_checkpoint: Path, tmp_path: Path) -> None:
    both = str(tmp_path)
    with pytest.raises(InputError, match="must not share frames, and both name"):
        _export(lite_checkpoint, tmp_path / "b", calibration=both, evaluation=both)


def test_counts_are_named_as_they_were_given() -> None:
    with pytest.raises(OptionError, match="--calibration-clips must be 1 or more, got 0"):
        PrecisionOptions(calibration_clips=0)


def test_a_calibration_video_that_is_none(lite_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "text.mp4").write_text("just text")
    with pytest.raises(InputError, match=r"text\.mp4 must be a video"):
        _export(lite_checkpoint, tmp_path / "b", calibration=str(tmp_path / "clips"))


def test_a_place_that_cannot_be_written(lite_checkpoint: Path) -> None:
    with pytest.raises(OutputError, match="/proc/x cannot be written"):
        convert_all(lite_checkpoint, Path("/proc/x/bundle"), ExportOptions())


def test_a_runtime_that_verification_needs(
    lite_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(convert, "find_spec", lambda name: None if name == "openvino" else object())
    with pytest.raises(MissingExtraError, match=r'openvino, .* "mol-edge\[export\]"'):
        convert_all(lite_checkpoint, tmp_path / "b", ExportOptions())


def test_names_that_say_nothing() -> None:
    with pytest.raises(OptionError, match="leave --name out"):
        ExportOptions(name=" ")
    for name in ("x/y", "two\nlines"):
        with pytest.raises(OptionError, match="name must be one line without a slash, got"):
            ExportOptions(name=name)


def test_photographs_are_looked_at_before_clips_are_judged(
    lite_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("export.judge.open_evaluation", lambda *_: pytest.fail("clips were made"))
    demo = Path(convert.__file__).parents[1] / "mol_edge" / "data" / "demo"
    options = JudgeOptions(clips=1, photos=tmp_path / "none", check_clips=0)
    with pytest.raises(InputError, match=r"none/landmarks\.json"):
        judge_bundle(demo, lite_checkpoint, options)
