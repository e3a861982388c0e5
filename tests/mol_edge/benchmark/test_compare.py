"""What `compare` calls slower, and what it does not."""

import json
import re
from math import log

import pytest

from mol_edge.benchmark.compare import compare
from mol_edge.benchmark.evidence import Key, figures_of
from mol_edge.benchmark.report import Report
from mol_edge.errors import InputError, OptionError
from tests.mol_edge.benchmark.reports import changed, made_report

MODES = ("clip", "stream_flow", "stream")
PAIRS = 20


@pytest.fixture(scope="module")
def before(toy):
    return made_report(toy, seed=1, modes=MODES)


def verdicts(found):
    return [each.verdict for each in found.findings]


def test_a_report_is_no_slower_than_itself(before):
    found = compare(before, before)
    assert verdicts(found) == ["same"] * 6
    assert found.findings[-1].what == "all together"
    assert found.regressions == () and found.losses == () and found.machine_ratio == 1
    assert not any(vars(found.differences).values())


def test_no_change_is_called_slower_in_one_of_twenty_at_most(toy):
    pairs = [(made_report(toy, 2 * k, modes=MODES), made_report(toy, 2 * k + 1, modes=MODES))
             for k in range(PAIRS)]  # fmt: skip
    assert sum(bool(compare(*pair).regressions) for pair in pairs) <= 1


def test_a_tenth_more_is_found_in_nineteen_of_twenty(toy):
    found = [
        compare(made_report(toy, k, modes=MODES), made_report(toy, 100 + k, 1.1, modes=MODES))
        for k in range(PAIRS)
    ]
    assert sum(bool(each.regressions) for each in found) >= PAIRS - 1
    assert all(each.verdict != "faster" for one in found for each in one.findings)
    changes = [each.change.ratio for one in found for each in one.findings]
    assert sum(changes) / len(changes) == pytest.approx(1.1, abs=0.01)


def test_a_small_change_of_everything_is_found_in_all_together(toy):
    noise = {"modes": MODES, "spread": 0.085}
    found = [
        compare(made_report(toy, k, **noise), made_report(toy, 300 + k, 1.1, **noise))
        for k in range(PAIRS)
    ]
    counts = [
        sum(one.findings[at].verdict == "slower" for one in found) for at in range(len(MODES) + 3)
    ]
    assert counts[-1] >= PAIRS - 1 and max(counts[:-1]) < counts[-1]


def test_a_tenth_less_is_called_faster(toy, before):
    found = compare(before, made_report(toy, 7, 0.85, modes=MODES))
    assert set(verdicts(found)) == {"faster"} and not found.regressions


def test_noise_is_called_unclear_not_the_same(toy):
    noisy = [made_report(toy, seed, modes=MODES, spread=0.3) for seed in (1, 2)]
    found = compare(*noisy)
    assert "same" not in verdicts(found) and not found.regressions


def altered(report, change):
    """The report with each slice changed by a function of it and its number in its process."""
    content = json.loads(json.dumps(report.content))
    for configuration in content["configurations"]:
        for block in (block for each in configuration["results"] for block in each["blocks"]):
            for number, part in enumerate(block["slices"]):
                change(part, number)
    return Report.from_json(content)


def longer(part, factor):
    part["percentile_10_ms"] *= factor
    part["median_ms"] *= factor


def test_slices_that_were_disturbed_say_nothing(before):
    def disturb(part, number):
        if number < 2:
            longer(part, 1.5)
            part["other_cores"] = 1.0

    found = compare(before, altered(before, disturb))
    assert set(verdicts(found)) == {"same"}
    assert all(each.change.ratio == pytest.approx(1, abs=0.02) for each in found.findings)
    (note,) = found.notes
    assert "busy in 160 of 240 slices of the second run, which are left out" in note


def test_nothing_undisturbed_is_unclear(toy, before):
    busy = made_report(toy, 3, 1.5, modes=MODES, others=1.0)
    found = compare(before, busy)
    assert set(verdicts(found)) == {"unclear"} and not found.regressions
    assert all(each.change is None for each in found.findings)
    assert "busy in 240 of 240 slices of the second run" in found.notes[0]


def test_a_few_long_slices_are_withstood_where_nothing_tells_of_others(before):
    def disturb(part, number):
        part["other_cores"] = "unavailable"
        longer(part, 3.0 if number in (1, 4) else 1.0)

    found = compare(before, altered(before, disturb))
    assert set(verdicts(found)) == {"same"} and found.notes == ()


def slower_machine(report, factor):
    def slow(part, number):
        part["reference_ms"] *= factor

    return altered(report, slow)


def test_a_machine_that_is_slower_as_a_whole_is_no_regression(toy, before):
    after = made_report(toy, 5, 1.12, modes=MODES)
    assert compare(before, after).regressions
    found = compare(before, slower_machine(after, 1.12))
    assert found.machine_ratio == pytest.approx(1.12)
    assert not found.regressions
    ratios = [each.change.ratio for each in found.findings]
    assert ratios == pytest.approx([1] * len(ratios), abs=0.03)
    assert found.findings[0].after_ms / found.findings[0].before_ms > 1.08


def test_software_that_is_slower_on_a_machine_that_is_faster_is_found(toy, before):
    found = compare(before, slower_machine(made_report(toy, 5, modes=MODES), 1 / 1.12))
    assert found.findings[-1].verdict == "slower"


def test_a_tenth_is_found_though_the_machine_drifts_far_more(toy):
    """Each process in another mood, which tasks and products share."""
    moody = {"modes": MODES, "mood": 0.15}
    found = missed = false = 0
    for k in range(PAIRS):
        before, same = (made_report(toy, seed, **moody) for seed in (k, 100 + k))
        after = made_report(toy, 200 + k, 1.1, **moody)
        false += bool(compare(before, same).regressions)
        found += bool(compare(before, after).regressions)
        other = changed(after, "machine", "versions", "numpy", value="0.1")
        missed += not compare(before, Report.from_json(other)).regressions
    assert false <= 1 and found >= PAIRS - 1
    # Plain latencies would not do.
    assert missed >= PAIRS / 2


@pytest.mark.parametrize(
    "path", [("machine", "versions", "numpy"), ("settings", "threads")], ids=lambda path: path[-1]
)
def test_products_of_another_numpy_are_not_divided_by(path, before):
    after = slower_machine(before, 1.3)
    assert compare(before, after).findings[-1].verdict == "faster"
    value = 7 if path[-1] == "threads" else "0.1"
    found = compare(before, Report.from_json(changed(after, *path, value=value)))
    assert set(verdicts(found)) == {"same"} and found.machine_ratio is None
    (note,) = found.notes
    assert note.startswith("NumPy or its threads differ") and "plain latencies" in note


def test_a_gpu_is_not_held_against_the_processor(before):
    content = changed(before, "configurations", 0, "device", value="tensorrt:0")
    gpu = Report.from_json(content)
    for report, device, divisor in ((before, "onnxruntime:cpu", 1.5), (gpu, "tensorrt:0", 1.0)):
        key = Key(device, "fp32", "clip", "back_to_back")
        (first, *_) = report.configurations[0]["results"][0]["blocks"]
        lows = sorted(part["percentile_10_ms"] for part in first["slices"])
        assert figures_of(report, True)[key][0] == pytest.approx(log(lows[1] / divisor))
    assert compare(gpu, gpu).machine_ratio is None


@pytest.mark.parametrize(
    ("rounds", "words"),
    [(1, "One process of each .* without --quick"), (5, "5 processes of each .* are few"), (6, "")],
)
def test_few_processes_are_told(rounds, words, toy):
    pair = [made_report(toy, seed, seed, modes=MODES, rounds=rounds) for seed in (1, 2)]
    found = compare(*pair)
    assert len(found.notes) == bool(words)
    assert not words or re.match(words, found.notes[0])
    assert bool(found.regressions) == (rounds > 1)


def test_several_configurations_have_a_mean_each_and_one_of_all(toy):
    pair = [made_report(toy, seed, devices=("onnxruntime", "openvino")) for seed in (1, 2)]
    found = compare(*pair)
    assert [(each.name, each.what) for each in found.findings[-3:]] == [
        ("onnxruntime:cpu fp32", "all together"),
        ("openvino:CPU fp32", "all together"),
        ("every device and precision", "all together"),
    ]


def test_differences_are_told_and_another_machine_has_no_regressions(toy, before):
    slow = made_report(toy, 6, 1.5, modes=MODES)
    content = changed(slow, "machine", "cpu", "name", value="Another CPU")
    content["bundle"]["sha256"] = "0" * 64
    content["settings"]["threads"] = 3
    content["machine"]["versions"]["numpy"] = "0.1"
    found = compare(before, Report.from_json(content))
    assert len(found.differences.machine) == 1
    assert found.differences.machine[0].endswith("-> Another CPU")
    assert found.differences.bundle[0].startswith("hash: ")
    assert found.differences.settings == ("threads: 0 -> 3",)
    assert found.differences.versions[0].endswith("-> 0.1")
    assert set(verdicts(found)) == {"slower"} and found.regressions == ()


def test_accuracy_that_was_lost_is_told(before):
    worse = changed(before, "configurations", 0, "accuracy", "agreement", value=0.996)
    worse["configurations"][0]["accuracy"]["nme"] = 0.05
    found = compare(before, Report.from_json(worse))
    assert found.losses == (
        "onnxruntime:cpu fp32: 99.6% get PyTorch's class, 100% did",
        "onnxruntime:cpu fp32: the landmarks' NME rose from 0.03 to 0.05",
    )


def test_what_one_report_alone_has_is_listed(toy, before):
    less = made_report(toy, 9, modes=("stream",))
    found = compare(before, less)
    assert len(found.findings) == 3 and found.only_after == ()
    assert "onnxruntime:cpu fp32, clip of 8 frames, back to back" in found.only_before


def test_nothing_in_common_is_refused(toy, before):
    other = made_report(toy, 9, modes=MODES, devices=("openvino",))
    with pytest.raises(InputError, match="in common, and these have onnxruntime:cpu fp32 and open"):
        compare(before, other)


def test_least_change_is_a_part(before):
    with pytest.raises(OptionError, match="between 0 and 1, got 5"):
        compare(before, before, 5)
