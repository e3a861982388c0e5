"""Timing a device: what else the machine does meanwhile must not decide."""

import numpy as np
import pytest

from mol_edge.backends import BackendOptions, open_backend, trial
from mol_edge.backends.trial import FRAME_GRAPHS, time_frame, trial_graphs, try_graphs
from mol_edge.errors import DeviceError


@pytest.fixture
def backend(toy):
    pytest.importorskip("onnxruntime")
    with open_backend(toy, "onnxruntime", BackendOptions(threads=1)) as opened:
        yield opened


def test_a_burst_of_other_work_does_not_slow_a_device_down(backend, monkeypatch):
    clock = iter(np.cumsum([0.0, 0.01] * 2 + [0.0, 0.5] * 3).tolist())
    monkeypatch.setattr(trial.time, "perf_counter", clock.__next__)
    assert time_frame(backend) == pytest.approx(0.01)


def test_a_fast_device_is_timed_more_often_and_a_slow_one_five_times(backend, monkeypatch):
    ran = []
    run = backend.run
    monkeypatch.setattr(backend, "run", lambda *given: ran.append(given[0]) or run(*given))
    for period, frames in ((0.0001, 40), (0.02, 25), (3.0, 5)):
        ticks = map(period.__mul__, range(1000))
        monkeypatch.setattr(trial.time, "perf_counter", ticks.__next__)
        ran.clear()
        assert time_frame(backend) == pytest.approx(period)
        assert len(ran) == (frames + 1) * len(FRAME_GRAPHS)


def test_numbers_that_are_not_finite_are_no_success(backend, monkeypatch):
    assert trial_graphs(backend) == FRAME_GRAPHS
    run = backend.run
    monkeypatch.setattr(
        backend,
        "run",
        lambda *given: {name: value * np.nan for name, value in run(*given).items()},
    )
    with pytest.raises(DeviceError, match="of features are not finite"):
        try_graphs(backend, FRAME_GRAPHS)
