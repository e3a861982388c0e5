import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor

import pytest

from training.threads import one_thread_each


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    """Two of the variables unset, one set by the user."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "3")


def test_processes_started_meanwhile_inherit_it_and_nothing_else_does():
    environment = dict(os.environ)
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        with one_thread_each():
            names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
            seen = [pool.submit(os.getenv, name) for name in names]
        assert dict(os.environ) == environment
        assert [task.result() for task in seen] == ["1", "1", "3"]


def test_an_error_leaves_nothing_behind():
    environment = dict(os.environ)
    with pytest.raises(ZeroDivisionError), one_thread_each():
        raise ZeroDivisionError
    assert dict(os.environ) == environment
