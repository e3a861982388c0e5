"""The stop rule and the pace, on a clock that the tests hold."""

import pytest

from mol_edge.benchmark.measure import StopRule, measure
from mol_edge.errors import OptionError


class Watch:
    """Time passes only by tasks and waits; tasks use two processors."""

    def __init__(self):
        self.ns, self.cpu = 0, 0
        self.waits = []

    def now_ns(self):
        return self.ns

    def cpu_ns(self):
        return self.cpu

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.ns += round(seconds * 1e9)

    def task(self, *times_ms):
        times = iter(times_ms)
        last = times_ms[-1]

        def run():
            took = round(next(times, last) * 1e6)
            self.ns += took
            self.cpu += 2 * took

        return run


def test_back_to_back_warms_up_and_stops_after_time_and_count():
    watch = Watch()
    rule = StopRule(warm_up_ms=30, warm_up_queries=2, min_duration_ms=100, min_query_count=5)
    timing = measure(watch.task(10), rule, watch=watch)
    assert timing.started_ns == 30_000_000
    assert timing.latencies_ms == (10.0,) * 10
    assert timing.duration_ms == 100
    assert timing.cpu_ms == 200
    assert (timing.missed, timing.cut, watch.waits) == (0, False, [])


def test_count_prolongs_a_short_time():
    watch = Watch()
    rule = StopRule(0, 0, min_duration_ms=1, min_query_count=7)
    assert len(measure(watch.task(10), rule, watch=watch).latencies_ms) == 7


def test_a_task_that_is_too_slow_is_cut():
    watch = Watch()
    rule = StopRule(0, 0, min_duration_ms=1, min_query_count=100, max_duration_ms=25)
    timing = measure(watch.task(10), rule, watch=watch)
    assert (len(timing.latencies_ms), timing.cut) == (3, True)


def test_a_camera_is_waited_for():
    watch = Watch()
    rule = StopRule(0, 1, min_duration_ms=90, min_query_count=3)
    timing = measure(watch.task(10), rule, period_ms=30, watch=watch)
    assert timing.latencies_ms == (10.0,) * 3
    assert watch.waits == pytest.approx([0.02] * 3)
    assert timing.missed == 0


def test_frames_are_missed_while_one_is_under_way():
    watch = Watch()
    rule = StopRule(0, 0, min_duration_ms=200, min_query_count=2)
    timing = measure(watch.task(10, 70, 10), rule, period_ms=30, watch=watch)
    # Begun at 0, 30 (until 100, over those of 60 and 90), 120, 150, 180 and 210.
    assert timing.latencies_ms == (10.0, 70.0, 10.0, 10.0, 10.0, 10.0)
    assert timing.missed == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"warm_up_ms": -1},
        {"min_query_count": 0},
        {"min_duration_ms": 0},
        {"min_duration_ms": 20, "max_duration_ms": 10},
    ],
)
def test_a_rule_refuses(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        StopRule(**wrong)


def test_a_rule_that_lasts_longer_ends_later():
    rule = StopRule().lasting(10)
    assert (rule.min_duration_ms, rule.max_duration_ms) == (10_000, 40_000)
