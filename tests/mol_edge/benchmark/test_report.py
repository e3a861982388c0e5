"""Reports on disk: what is written is read back, what is none is refused by name."""

import json

import pytest

from mol_edge.benchmark.report import Report
from mol_edge.errors import InputError, OutputError
from tests.mol_edge.benchmark.reports import changed, made_report


@pytest.fixture(scope="module")
def report(toy):
    return made_report(toy, rounds=2, modes=("stream",))


def test_written_and_read_back(report, tmp_path):
    path = tmp_path / "new" / "report.json"
    report.write(path)
    assert Report.read(path) == report
    assert [each.name for each in path.parent.iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x00\x01 not json", r"must be JSON, and .* is not \("),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"format": "mol-edge-bundle"}', "format 'mol-edge-bundle'"),
        (b"[1, 2]", "something else .list."),
        (b'{"format": "mol-edge-benchmark", "version": 1}', "of version 2, .* got version 1"),
        (b'{"format": "mol-edge-benchmark", "version": 7}', "of version 2, .* got version 7"),
        (b'{"format": "mol-edge-benchmark", "version": 2}', "created must be given"),
    ],
)
def test_what_is_no_report_is_refused(content, words, tmp_path):
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words) as caught:
        Report.read(path)
    assert "odd.json" in str(caught.value)


def test_no_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="none.json cannot be read"):
        Report.read(tmp_path / "none.json")
    with pytest.raises(InputError, match="cannot be read"):
        Report.read(tmp_path)


def test_a_damaged_figure_is_named(report):
    path = ("configurations", 0, "results", 0, "latency_ms", "median")
    with pytest.raises(InputError, match=r"results\[0\].latency_ms.median must be above 0, got 0"):
        Report.from_json(changed(report, *path, value=0))


def test_unavailable_is_never_zero(report):
    result = report.configurations[0]["results"][0]
    assert result["power_w"] == "unavailable"
    with pytest.raises(InputError, match="power_w must be"):
        path = ("configurations", 0, "results", 0, "power_w")
        Report.from_json(changed(report, *path, value=0))


def test_slices_are_kept_with_what_they_say(report, tmp_path):
    report.write(tmp_path / "report.json")
    result = Report.read(tmp_path / "report.json").configurations[0]["results"][0]
    assert [len(block["slices"]) for block in result["blocks"]] == [3, 3]
    assert result["rss_mb"] == 115
    for block in result["blocks"]:
        assert sum(part["query_count"] for part in block["slices"]) == block["query_count"] == 30
        lows = [part["percentile_10_ms"] for part in block["slices"]]
        assert min(lows) == block["latency_ms"]["min"]
        assert all(low < part["median_ms"] for low, part in zip(lows, block["slices"]))
        assert {part["reference_ms"] for part in block["slices"]} == {1.5}
        assert {part["other_cores"] for part in block["slices"]} == {0.0}


def test_a_folder_that_is_a_file_is_told(report, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        report.write(tmp_path / "file" / "report.json")


def test_figures_are_those_of_all_processes(report):
    result = report.configurations[0]["results"][0]
    json.dumps(report.content, allow_nan=False)
    assert result["query_count"] == 60 and len(result["blocks"]) == 2
    latency = result["latency_ms"]
    keys = ("min", "median", "percentile_90", "percentile_95", "percentile_99", "max")
    assert sorted(latency[key] for key in keys) == [latency[key] for key in keys]
    assert result["throughput_qps"] == pytest.approx(1e3 / latency["mean"], rel=1e-3)
    assert result["cpu_cores"] == 1.5
    assert result["gflops"] == pytest.approx(result["flop"] / latency["median"] / 1e6, rel=1e-4)
    assert result["sgemm_fraction"] == pytest.approx(result["gflops"] / 180, rel=1e-4)
