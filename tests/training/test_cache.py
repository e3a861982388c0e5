import os
from concurrent.futures import ProcessPoolExecutor

import numpy as np

from training.cache import CacheSpec, open_cache
from training.synthetic import SyntheticOptions, make_still

SPEC = CacheSpec("stills", 2, 0, SyntheticOptions())


def test_filling_a_cache_leaves_the_environment_as_it_was(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    submit, threads = ProcessPoolExecutor.submit, []

    def noting(*arguments):
        threads.append(os.environ.get("OMP_NUM_THREADS"))
        return submit(*arguments)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", noting)
    before = dict(os.environ)
    stills = open_cache(tmp_path, SPEC, workers=1, quiet=True)
    assert dict(os.environ) == before
    assert threads == ["1"]
    assert stills["done"].all()
    assert np.array_equal(stills["frames"][1], make_still(1, SPEC.options)[0])
