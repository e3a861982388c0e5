import pytest

from mol_edge.results import FrameResult
from mol_edge.run import Run, StageClock
from mol_edge.sources import open_source


def results(seen):
    try:
        for index in range(3):
            yield None, FrameResult(index, index)
    finally:
        seen.append("closed")


@pytest.mark.parametrize("taken", [0, 1, 2, 3, 4])
def test_a_run_ends_once_however_many_results_are_taken(taken):
    seen = []
    run = Run(open_source([]), results(seen), on_end=lambda: seen.append("ended"))
    for index in range(min(taken, 3)):
        assert next(run).index == index
    if taken == 4:
        with pytest.raises(StopIteration):
            next(run)
    run.close()
    run.close()
    del run
    assert seen == (["closed", "ended"] if taken else ["ended"])


def test_an_error_ends_a_run():
    def failing():
        yield None, FrameResult(0, 0)
        raise ValueError("broken")

    ended = []
    run = Run(open_source([]), failing(), on_end=lambda: ended.append(1))
    next(run)
    with pytest.raises(ValueError, match="broken"):
        next(run)
    assert ended == [1]
    assert list(run) == []


def test_stages_are_timed_in_order():
    clock = StageClock()
    with clock.stage("decode"):
        pass
    with clock.stage("infer"):
        sum(range(1000))
    assert list(clock.timings_ms) == ["decode", "infer"]
    assert clock.timings_ms["infer"] > 0


def test_a_stage_that_comes_again_adds_up_and_computing_begins_with_the_frame(monkeypatch):
    now = iter([0.0, 1.0, 3.0, 3.0, 4.0, 5.0, 7.0, 7.5])
    monkeypatch.setattr("mol_edge.run.time.perf_counter", lambda: next(now))
    clock = StageClock()
    with clock.stage("decode"):
        pass
    for _ in range(2):
        with clock.stage("classify"):
            pass
    assert clock.timings_ms == {"decode": 2000.0, "classify": 3000.0}
    assert clock.computing_ms == 4500.0
