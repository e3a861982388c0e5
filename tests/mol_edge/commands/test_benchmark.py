"""`mol-edge benchmark` and `compare` from the command line."""

import io
import json

import pytest

from mol_edge.benchmark import runner
from mol_edge.benchmark.runner import Step
from mol_edge.cli import main
from mol_edge.commands.benchmark_progress import left, show_steps
from tests.mol_edge.benchmark.reports import changed, made_report, told


@pytest.fixture
def quick_processes(monkeypatch):
    """Every process tells made-up figures at once."""
    real = runner.run_benchmark

    def run(bundle, options, on_step):
        return real(bundle, options, on_step, lambda job: told(job, lambda *_: [3.0] * 9))

    monkeypatch.setattr("mol_edge.benchmark.run_benchmark", run)


def write(path, content):
    path.write_text(json.dumps(content))
    return str(path)


def test_writes_three_files_and_a_table(quick_processes, toy_folder, tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    words = ["--bundle", str(toy_folder), "--device", "onnxruntime,openvino", "--rounds", "2"]
    assert main(["benchmark", *words, "--seconds", "2", "--out", str(out)]) == 0
    assert sorted(each.name for each in out.iterdir()) == [
        "benchmark.json", "benchmark.md", "card.html",
    ]  # fmt: skip
    settings = json.loads((out / "benchmark.json").read_text())["settings"]
    assert (settings["rounds"], settings["stop_rule"]["min_duration_ms"]) == (2, 2000)
    said = capsys.readouterr()
    assert "openvino:CPU fp32" in said.out and "same class" in said.out
    assert "left: onnxruntime:cpu fp32" in said.err


def test_compare_says_what_became_slower(toy, tmp_path, capsys):
    modes = ("stream", "clip")
    before = write(tmp_path / "a.json", made_report(toy, 1, modes=modes).content)
    after = write(tmp_path / "b.json", made_report(toy, 2, 1.2, modes=modes).content)
    assert main(["benchmark", "compare", before, after]) == 1
    said = capsys.readouterr().out
    assert said.endswith("SLOWER: 4 of 4 results.\n")
    assert "whose own time changed by +0.0% from the first run" in said
    assert main(["benchmark", "compare", before, before]) == 0
    assert capsys.readouterr().out.endswith("NO SLOWER.\n")
    assert main(["benchmark", "compare", before, after, "--least-change", "40"]) == 0


def test_compare_of_quick_looks_cannot_tell_and_says_why(toy, tmp_path, capsys):
    paths = [
        write(tmp_path / f"{seed}.json", made_report(toy, seed, seed, rounds=1).content)
        for seed in (1, 2)
    ]
    assert main(["benchmark", "compare", *paths]) == 0
    said = capsys.readouterr().out
    assert "! One process of each device and precision says nothing" in said
    assert said.count("too few processes") == said.count(" unclear\n") > 4
    assert said.endswith(
        "UNCLEAR: too few undisturbed processes to tell; measure again, with more --rounds.\n"
    )


def test_compare_says_where_plain_latencies_are_compared(toy, tmp_path, capsys):
    report = made_report(toy, 1, modes=("stream",))
    before = write(tmp_path / "a.json", report.content)
    other = changed(report, "machine", "versions", "numpy", value="0.1")
    assert main(["benchmark", "compare", before, write(tmp_path / "b.json", other)]) == 0
    said = capsys.readouterr().out
    assert "different versions: numpy: " in said and "! NumPy or its threads differ" in said
    assert "matrix products beside" not in said and said.endswith("NO SLOWER.\n")


@pytest.mark.parametrize(
    ("words", "settings"),
    [
        (["--quick"], (1, 2, 250, {"back_to_back"})),
        (
            ["--quick", "--rounds", "3", "--seconds", "1", "--pace", "camera"],
            (3, 2, 1000, {"camera"}),
        ),
        ([], (16, 3, 350, {"back_to_back", "camera"})),
    ],
)
def test_what_is_given_beside_quick_wins(words, settings, quick_processes, toy_folder, tmp_path):
    fixed = ["--bundle", str(toy_folder), "--device", "onnxruntime", "--out", str(tmp_path)]
    assert main(["benchmark", *fixed, *words, "--quiet"]) == 0
    content = json.loads((tmp_path / "benchmark.json").read_text())
    told = content["settings"]
    paces = {each["pace"] for each in content["configurations"][0]["results"]}
    rule = told["stop_rule"]["min_duration_ms"]
    assert (told["rounds"], told["slices"], rule, paces) == settings


def test_compare_names_what_differs(toy, tmp_path, capsys):
    report = made_report(toy, 1, modes=("stream",))
    before = write(tmp_path / "a.json", report.content)
    other = changed(report, "machine", "cpu", "logical_cores", value=64)
    other["bundle"]["name"] = "another"
    after = write(tmp_path / "b.json", other)
    assert main(["benchmark", "compare", before, after]) == 0
    said = capsys.readouterr().out
    assert "different machine: logical cores: " in said and "-> 64" in said
    assert "different bundle: name: " in said and "DIFFERENT MACHINES" in said


def test_progress_is_a_line_where_there_is_no_terminal():
    stream = io.StringIO()
    with show_steps(stream=stream) as tell:
        tell(Step(0.25, 90, "a device"))
        tell(Step(0.30, 80, "too soon for another line"))
    assert stream.getvalue() == " 25%, 1 min 30 s left: a device\n"


def test_progress_is_a_bar_on_a_terminal():
    pytest.importorskip("rich")

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    with show_steps(stream=stream) as tell:
        tell(Step(0.25, 90, "a device"))
    assert "a device" in stream.getvalue() and "1 min 30 s left" in stream.getvalue()


def test_quiet_says_nothing():
    stream = io.StringIO()
    with show_steps(quiet=True, stream=stream) as tell:
        tell(Step(0.25, 90, "a device"))
    assert stream.getvalue() == "" and left(59.6) == "1 min 0 s"
