"""Slices: their part of the stop rule, the products around them, how they take turns."""

from types import SimpleNamespace

import pytest

from mol_edge.benchmark import slices
from mol_edge.benchmark.child import _measure
from mol_edge.benchmark.measure import StopRule
from mol_edge.benchmark.options import BenchmarkOptions
from mol_edge.benchmark.plan import plan
from mol_edge.benchmark.slices import measure_slice, slice_rule
from mol_edge.errors import NoFaceError


def test_a_slice_has_its_part_and_warms_fully_but_once():
    rule = StopRule(200, 3, min_duration_ms=600, min_query_count=10, max_duration_ms=6000)
    assert slice_rule(rule, 6, first=True) == StopRule(200, 3, 100, 2, 1000)
    assert slice_rule(rule, 6, first=False) == StopRule(60, 2, 100, 2, 1000)
    short = StopRule(5, 1, 600, 10, 6000)
    assert slice_rule(short, 6, first=False) == StopRule(5, 1, 100, 2, 1000)


def test_products_come_before_and_after_and_the_first_of_each_is_not_timed(monkeypatch):
    clock, done = [0.0], []
    products = iter([90.0, 1, 2, 3, 4, 90, 5, 6, 7, 100])

    def product():
        done.append("product")
        clock[0] += next(products) / 1e3

    monkeypatch.setattr(slices.time, "perf_counter", lambda: clock[0])
    rule = StopRule(0, 1, 1e-3, 3)
    found = measure_slice(lambda: done.append("task"), rule, product)
    assert found.reference_ms == pytest.approx(4.5)
    assert done[:5] == ["product"] * 5 and done[-5:] == ["product"] * 5
    assert done.count("product") == 10
    assert done.count("task") == len(found.timing.latencies_ms) + 1 >= 4


class Tasks:
    """Tasks that do nothing; one cannot be had, and one ends after a while."""

    def __init__(self):
        self.opened = []

    def open(self, mode):
        self.opened.append(mode)
        if mode == "clip_fused":
            raise NoFaceError("no such graph.")
        left = iter(range(10))

        def run():
            if mode == "pipeline" and next(left, None) is None:
                raise NoFaceError("the video ended.")

        return run


def test_slices_of_all_tasks_take_turns(toy):
    modes = ("clip", "clip_fused", "stream", "pipeline")
    options = BenchmarkOptions(
        ("onnxruntime",), modes=modes, paces=("back_to_back",), rule=StopRule(0, 1, 1e-3, 9),
        slices=3,
    )  # fmt: skip
    (job, *_) = plan(toy, options)
    told, tasks = [], Tasks()
    _measure(job, tasks, told.append)
    began = [event["mode"] for event in told if event["event"] == "begins"]
    assert began == [*modes, "clip", "stream", "pipeline", "clip", "stream", "pipeline"]
    assert tasks.opened == list(modes)
    gone = [(event["mode"], event["reason"]) for event in told if event["event"] == "unavailable"]
    assert gone == [("clip_fused", "no such graph."), ("pipeline", "the video ended.")]
    parts = [event for event in told if event["event"] == "slice"]
    assert [event["mode"] for event in parts].count("clip") == 3
    assert all(len(event["latencies_ms"]) >= 3 for event in parts)
    assert all(event["reference_ms"] > 0 and event["rss_mb"] > 1 for event in parts)


def test_a_camera_paces_its_slices(toy):
    fast = BenchmarkOptions(
        ("onnxruntime",), modes=("stream",), paces=("camera",), fps=1000, slices=2,
        rule=StopRule(0, 0, 8, 1),
    )  # fmt: skip
    (job, *_) = plan(toy, fast)
    told = []
    _measure(job, SimpleNamespace(open=lambda mode: lambda: None), told.append)
    parts = [event for event in told if event["event"] == "slice"]
    # In 4 ms no more than 5 frames of a millisecond are due and one that was just late.
    assert [event["pace"] for event in parts] == ["camera"] * 2
    for event in parts:
        passed_ms = (event["ended_ns"] - event["started_ns"]) / 1e6
        assert len(event["latencies_ms"]) + event["missed"] <= passed_ms + 2
