"""What is tested, in which order and at which level, on figures whose truth is known."""

from math import log

import numpy as np
import pytest

from mol_edge.benchmark.evidence import Key
from mol_edge.benchmark.verdicts import judge_figures

MODES = ("clip", "stream_flow", "stream")


def keys_of(devices=("onnxruntime:cpu",), modes=MODES):
    return [Key(device, "fp32", mode, "back_to_back") for device in devices for mode in modes]


def figures(seed, keys, rounds=8, spread=0.02, shared=0.0, slower=1.0):
    """Figures that spread by themselves, and by what all results of a round share."""
    random = np.random.default_rng(seed)
    mood = shared * random.standard_normal(rounds)
    return {key: list(log(slower) + mood + spread * random.standard_normal(rounds)) for key in keys}


def test_each_result_each_configuration_and_all_are_judged():
    keys = keys_of(("onnxruntime:cpu", "openvino:CPU"))
    judged = judge_figures(figures(1, keys), figures(2, keys), 0.05)
    assert [each.keys for each in judged] == [
        *((key,) for key in keys), tuple(keys[:3]), tuple(keys[3:]), tuple(keys),
    ]  # fmt: skip
    assert {each.verdict for each in judged} <= {"same", "unclear"}


def test_one_configuration_has_one_mean_and_one_result_none():
    keys = keys_of()
    assert [len(each.keys) for each in judge_figures(figures(1, keys), figures(2, keys), 0.05)] == [
        1, 1, 1, 3,
    ]  # fmt: skip
    (one,) = judge_figures(figures(1, keys[:1]), figures(2, keys[:1]), 0.05)
    assert one.keys == tuple(keys[:1])


def test_means_leave_out_what_surrounds_the_network():
    keys = keys_of(modes=("clip", "stream", "preprocess"))
    after = figures(2, keys)
    after[keys[2]] = [value + log(2) for value in after[keys[2]]]
    judged = judge_figures(figures(1, keys), after, 0.05)
    assert judged[2].verdict == "slower" and judged[2].change.ratio == pytest.approx(2, rel=0.05)
    assert judged[-1].keys == tuple(keys[:2])
    assert judged[-1].change.ratio == pytest.approx(1, abs=0.03)


def test_all_together_is_found_where_no_result_is():
    keys = keys_of(
        ("onnxruntime:cpu", "openvino:CPU"), ("clip", "stream_flow", "stream", "pipeline")
    )
    found = alone = 0
    for seed in range(20):
        noisy = {"rounds": 5, "spread": 0.07}
        before, after = figures(seed, keys, **noisy), figures(50 + seed, keys, **noisy, slower=1.1)
        *each, everything = judge_figures(before, after, 0.05)
        found += everything.verdict == "slower"
        alone += sum(one.verdict == "slower" for one in each if len(one.keys) == 1)
    assert found >= 19 and alone <= 20 * len(keys) / 2


def test_what_rounds_share_is_noise_not_evidence():
    """Eight results that agree since they share a mood are no eight witnesses."""
    keys = keys_of(
        ("onnxruntime:cpu", "openvino:CPU"), ("clip", "stream_flow", "stream", "pipeline")
    )
    moody = {"spread": 0.01, "shared": 0.06}
    called = [
        judge_figures(figures(seed, keys, **moody), figures(900 + seed, keys, **moody), 0.05)
        for seed in range(200)
    ]
    false = sum(any(one.verdict == "slower" for one in judged) for judged in called)
    assert false / 200 <= 0.05


def test_least_change_keeps_what_is_certain_and_small_from_being_called():
    keys = keys_of()
    calm = {"spread": 0.002}
    judged = judge_figures(figures(1, keys, **calm), figures(2, keys, **calm, slower=1.03), 0.05)
    assert judged[-1].change.slower < 1e-4
    assert {each.verdict for each in judged} == {"same"}
    judged = judge_figures(figures(1, keys, **calm), figures(2, keys, **calm, slower=1.03), 0.01)
    assert {each.verdict for each in judged} == {"slower"}


def test_a_result_that_a_round_lacks_does_not_shift_the_others():
    keys = keys_of()
    before = {key: [value] * 4 for key, value in zip(keys, (1.0, 2.0, 3.0))}
    after = {key: list(values) for key, values in before.items()}
    after[keys[2]][:3] = [None] * 3
    judged = judge_figures(before, after, 0.05)
    assert judged[2].change is None and judged[2].verdict == "unclear"
    assert judged[-1].change.ratio == pytest.approx(1)
    assert judged[-1].verdict == "same"
    after[keys[2]][3] = None
    assert judge_figures(before, after, 0.05)[-1].change.ratio == pytest.approx(1)


def test_faster_is_called_so():
    keys = keys_of()
    judged = judge_figures(figures(1, keys), figures(2, keys, slower=0.85), 0.05)
    assert {each.verdict for each in judged} == {"faster"}
