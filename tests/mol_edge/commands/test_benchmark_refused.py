"""What `mol-edge benchmark` and `compare` refuse; what an earlier run wrote stays."""

import numpy as np
import pytest

from mol_edge.cli import main
from tests.mol_edge.benchmark.reports import made_report
from tests.mol_edge.conftest import write_video


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--bundle", "no/such/folder"], "is no folder"),
        (["--device", "abacus"], "got 'abacus'"),
        (["--mode", "nap"], "modes must be some of"),
        (["--pace", "slow"], "paces must be some of"),
        (["--precision", "int3"], "none called 'int3'"),
        (["--detector", "dowsing"], "got 'dowsing'"),
        (["--video", "none.mp4"], "There is no video none.mp4"),
    ],
)
def test_bad_words_are_one_sentence(words, reason, tmp_path, capsys):
    assert main(["benchmark", *words, "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value", "bounds"),
    [
        ("--rounds", "0", "a whole number from 1"),
        ("--seconds", "0", "a number above 0 and at most 86400"),
        ("--seconds", "nan", "a number above 0 and at most 86400"),
        ("--threads", "99999", "a whole number from 0 to 256"),
        ("--fps", "0", "a number above 0 and at most 1000"),
    ],
)
def test_numbers_out_of_range_are_told_with_their_option(option, value, bounds, capsys):
    with pytest.raises(SystemExit, match="^2$"):
        main(["benchmark", option, value])
    assert f"argument {option}: must be {bounds}, got '{value}'" in capsys.readouterr().err


@pytest.mark.parametrize("percent", ["-5", "0", "100", "nan"])
def test_the_least_change_is_told_as_it_was_given(percent, capsys):
    with pytest.raises(SystemExit, match="^2$"):
        main(["benchmark", "compare", "a.json", "b.json", "--least-change", percent])
    said = capsys.readouterr().err
    assert (
        f"argument --least-change: must be a number above 0 and below 100, got '{percent}'" in said
    )


def test_a_video_that_is_none_is_found_out_first(toy_folder, tmp_path, capsys):
    (tmp_path / "text.mp4").write_text("words")
    words = ["--bundle", str(toy_folder), "--video", str(tmp_path / "text.mp4")]
    assert main(["benchmark", *words, "--out", str(tmp_path / "out")]) == 2
    assert "text.mp4 must be a video" in capsys.readouterr().err


def test_a_benchmark_that_fails_leaves_the_one_before(toy_folder, tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("mol_edge.benchmark.run_benchmark", interrupted)
    (tmp_path / "benchmark.md").write_text("of last week")
    words = ["--bundle", str(toy_folder), "--out", str(tmp_path)]
    assert main(["benchmark", *words, "--quiet"]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["benchmark.md"]
    assert (tmp_path / "benchmark.md").read_text() == "of last week"


def test_a_benchmark_that_measured_nothing_leaves_the_one_before(tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    (tmp_path / "benchmark.json").write_text("of last week")
    words = ["--device", "onnxruntime", "--mode", "clip_fused", "--quick", "--quiet"]
    assert main(["benchmark", *words, "--out", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["benchmark.json"]
    assert (tmp_path / "benchmark.json").read_text() == "of last week"
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert said.err.startswith(
        "mol-edge: error: Nothing could be measured: The bundle mol-lite-demo has no graph "
        "fp32/onnx/clip, only"
    )


def test_a_video_without_a_face_measures_nothing_in_the_pipeline(tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    frames = np.zeros((25, 48, 64, 3), np.uint8)
    video = write_video(tmp_path / "black.mp4", frames)
    words = ["--device", "onnxruntime", "--mode", "pipeline", "--quick", "--quiet"]
    out = tmp_path / "out"
    assert main(["benchmark", *words, "--video", str(video), "--out", str(out)]) == 2
    said = capsys.readouterr().err
    assert "Nothing could be measured: A face must be in view, and the detector" in said
    assert f"frames of {video}: name another video with --video.\n" in said
    assert list(out.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_found_out_first(toy_folder, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    words = ["--bundle", str(toy_folder), "--out", str(tmp_path / "file")]
    assert main(["benchmark", *words]) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not json", "A report must be JSON, and"),
        (b"\0\0\0\x1cftypisom" + bytes(64), "is not (it is no text): name the benchmark.json that"),
        (b"[" * 99999, "is not (it is nested too deeply): name the benchmark.json that"),
        (b'{"format": "mol-edge-benchmark", "version": 1}', "version 2, which this mol-edge reads"),
        (b"{}", "must be what `mol-edge benchmark` wrote"),
    ],
)
def test_compare_refuses_what_is_no_report(content, reason, toy, tmp_path, capsys):
    good = str(tmp_path / "a.json")
    made_report(toy, 1, modes=("stream",)).write(tmp_path / "a.json")
    (tmp_path / "odd.json").write_bytes(content)
    assert main(["benchmark", "compare", good, str(tmp_path / "odd.json")]) == 2
    said = capsys.readouterr().err
    assert reason in said and "odd.json" in said and said.count("\n") == 1
