"""Plans, failures and progress of a benchmark; one real process."""

import importlib.util
from dataclasses import replace

import pytest

from mol_edge.benchmark.measure import StopRule
from mol_edge.benchmark.options import BenchmarkOptions
from mol_edge.benchmark.plan import expected_s, plan
from mol_edge.benchmark.runner import run_benchmark
from mol_edge.errors import BundleError, DeviceError, InputError, OptionError
from tests.mol_edge.benchmark.reports import made_report, told

PAIR = ("onnxruntime", "openvino")


def test_rounds_turn_around_and_measure_accuracy_once(toy):
    jobs = plan(toy, BenchmarkOptions(PAIR, rounds=3))
    assert [job.device for job in jobs] == [
        "onnxruntime:cpu", "openvino:CPU", "openvino:CPU", "onnxruntime:cpu", "onnxruntime:cpu",
        "openvino:CPU",
    ]  # fmt: skip
    assert [job.accuracy for job in jobs] == [True, True, False, False, False, False]


def test_large_products_are_timed_once_for_each_device_and_round(toy):
    precisions = dict.fromkeys(("fp32", "fp16"), toy.manifest.graphs["fp32"])
    both = replace(toy, manifest=replace(toy.manifest, graphs=precisions))
    jobs = plan(both, BenchmarkOptions(PAIR, rounds=1))
    assert [(job.device, job.precision) for job in jobs if job.sgemm] == [
        ("onnxruntime:cpu", "fp32"), ("openvino:CPU", "fp32"),
    ]  # fmt: skip
    assert len(jobs) == 4


def test_a_quick_look_is_one_short_round_back_to_back(toy):
    options = BenchmarkOptions(PAIR).quick()
    jobs = plan(toy, options)
    assert (len(jobs), {job.slices for job in jobs}) == (2, {2})
    assert {pace for job in jobs for _, pace in job.cells} == {"back_to_back"}
    # Six configurations stay a look of a minute.
    assert 6 * max(map(expected_s, jobs)) < 60


def test_what_is_expected_rises_to_the_whole(toy):
    (job, *_) = plan(toy, BenchmarkOptions(PAIR))
    count = len(job.cells) * job.slices
    times = [expected_s(job, begun) for begun in range(1, count + 2)]
    assert times == sorted(times) and times[-1] == expected_s(job)
    assert times[1] - times[0] == pytest.approx(0.2 + 0.35 / 3 + 0.1)
    assert times[-1] - times[-2] == pytest.approx(0.35 / 3 + 0.1)


def test_what_surrounds_the_network_is_measured_on_one_device_alone(toy):
    first, second, *_ = plan(toy, BenchmarkOptions(PAIR))
    assert ("preprocess", "back_to_back") in first.cells
    assert {mode for mode, _ in first.cells} - {mode for mode, _ in second.cells} == {
        "preprocess",
        "postprocess",
    }
    paced = [mode for mode, pace in first.cells if pace == "camera"]
    assert paced == ["stream_flow", "stream", "pipeline"]


def test_unknown_names_are_refused_before_anything_runs(toy):
    with pytest.raises(BundleError, match="has the precisions fp32, and none called 'int3'"):
        plan(toy, BenchmarkOptions(PAIR, precisions=("int3",)))
    with pytest.raises(DeviceError, match="got 'abacus'"):
        plan(toy, BenchmarkOptions(("abacus",)))
    with pytest.raises(OptionError, match="modes must be some of clip, .* got nap"):
        BenchmarkOptions(modes=("nap",))
    with pytest.raises(OptionError, match="rounds"):
        BenchmarkOptions(rounds=0)
    with pytest.raises(OptionError, match="slices must be 1 or more, got 0"):
        BenchmarkOptions(slices=0)


def failing(name):
    def run(job):
        if job.device == name:
            yield {"event": "failed", "reason": "it is out of order"}
        else:
            yield from told(job, lambda mode, pace: [3.0] * 9)

    return run


def test_a_named_device_that_fails_is_an_error(toy):
    with pytest.raises(DeviceError) as caught:
        run_benchmark(toy, BenchmarkOptions(PAIR), run=failing("openvino:CPU"))
    assert str(caught.value) == (
        "openvino:CPU does not work here: it is out of order: run `mol-edge doctor`."
    )


def test_a_named_device_without_its_package_has_one_remedy(toy):
    if importlib.util.find_spec("tensorrt") is not None:
        pytest.skip("TensorRT is installed")
    with pytest.raises(DeviceError) as caught:
        run_benchmark(toy, BenchmarkOptions(("tensorrt",), rounds=1))
    assert str(caught.value) == (
        "tensorrt:0 does not work here: The device tensorrt needs the package tensorrt, which is "
        'not installed: run `pip install "mol-edge[tensorrt]"`.'
    )


def test_a_found_device_that_fails_is_told_and_tried_once(toy, monkeypatch):
    devices = ["onnxruntime:cpu", "openvino:CPU"]
    monkeypatch.setattr("mol_edge.benchmark.plan.find_devices", lambda: devices)
    tried = []

    def run(job):
        tried.append(job.device)
        return failing("openvino:CPU")(job)

    report = run_benchmark(toy, BenchmarkOptions(rounds=3), run=run)
    first, second = report.configurations
    assert (first["status"], second["status"]) == ("measured", "failed")
    assert second["reason"] == "it is out of order"
    assert tried.count("openvino:CPU") == 1 and tried.count("onnxruntime:cpu") == 3


def test_nothing_that_works_is_an_error(toy, monkeypatch):
    monkeypatch.setattr("mol_edge.benchmark.plan.find_devices", lambda: ["openvino:CPU"])
    with pytest.raises(DeviceError, match="No device works .*out of order"):
        run_benchmark(toy, run=failing("openvino:CPU"))


def test_what_measured_nothing_is_an_error_that_names_each_reason_once(toy):
    options = BenchmarkOptions(PAIR, modes=("clip_fused",), rounds=2)
    with pytest.raises(InputError, match=r"^Nothing could be measured: no such graph\.$"):
        run_benchmark(toy, options, run=lambda job: told(job, lambda *_: [3.0] * 9))


def test_progress_rises_to_its_end(toy):
    steps = []
    options = BenchmarkOptions(PAIR, rounds=2)
    run_benchmark(toy, options, steps.append, lambda job: told(job, lambda *_: [3.0] * 9))
    parts = [step.part for step in steps]
    assert parts == sorted(parts) and 0 < parts[0] < 0.2 and 0.9 < parts[-1] <= 1
    assert all(step.left_s >= 0 for step in steps)
    assert any("openvino:CPU fp32, stream flow camera" in step.what for step in steps)


def test_a_report_says_what_was_unavailable(toy):
    report = made_report(toy, rounds=1)
    results = {each["mode"]: each for each in report.configurations[0]["results"]}
    assert results["clip_fused"]["status"] == "unavailable"
    assert results["clip_fused"]["reason"] == "no such graph"


def test_a_real_process_measures(toy):
    pytest.importorskip("onnxruntime")
    rule = StopRule(1, 1, 5, 3, 1000)
    modes = ("clip", "clip_fused", "stream")
    options = BenchmarkOptions(("onnxruntime",), modes=modes, rounds=2, rule=rule, fps=200)
    configuration = run_benchmark(toy, options).configurations[0]
    measured = [each for each in configuration["results"] if each["status"] == "measured"]
    assert [(each["mode"], each["pace"]) for each in measured] == [
        ("clip", "back_to_back"), ("stream", "back_to_back"), ("stream", "camera"),
    ]  # fmt: skip
    assert all(len(each["blocks"]) == 2 and each["query_count"] >= 6 for each in measured)
    blocks = [block for each in measured for block in each["blocks"]]
    assert [len(block["slices"]) for block in blocks] == [3] * 6
    assert configuration["accuracy"] is None
    assert set(configuration["sgemm_gflops"]) == {"numpy", "onnxruntime"}
    assert len(configuration["cold"]["load_ms"]) == 2
    fused = next(each for each in configuration["results"] if each["mode"] == "clip_fused")
    assert "has no graph fp32/onnx/clip" in fused["reason"]
