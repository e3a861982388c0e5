"""What `compare` calls slower, and what it does not."""

import pytest

from mol_edge.benchmark.compare import compare
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
    noise = {"modes": MODES, "spread": 0.06}
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


def test_processes_that_were_disturbed_say_nothing(toy, before):
    busy = made_report(toy, 3, 1.5, modes=MODES, others=1.0)
    found = compare(before, busy)
    assert set(verdicts(found)) == {"unclear"}
    assert all(each.change is None for each in found.findings)


def test_a_machine_that_is_slower_as_a_whole_is_no_regression(toy, before):
    content = changed(made_report(toy, 5, 1.12, modes=MODES), "duration_s", value=1)
    for result in content["configurations"][0]["results"]:
        for block in result["blocks"]:
            block["reference_ms"] *= 1.12
    found = compare(before, Report.from_json(content))
    assert found.machine_ratio == pytest.approx(1.12)
    assert not found.regressions


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
    worse = changed(before, "configurations", 0, "accuracy", "agreement", value=0.75)
    worse["configurations"][0]["accuracy"]["nme"] = 0.05
    found = compare(before, Report.from_json(worse))
    assert found.losses == (
        "onnxruntime:cpu fp32: 75% get PyTorch's class, 100% did",
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
