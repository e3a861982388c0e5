import sys

import pytest

from benchmarks.soak import LIMIT_BYTES, Stub, soak, warm_up
from mol_edge.engine import EngineOptions


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("half", [False, True])
def test_a_stream_of_two_faces_stays_in_its_memory(toy, half):
    options = EngineOptions(flow="on_motion", half_state=half)
    before, after, state = soak(Stub(toy), 2000, options)
    assert after.resident - before.resident < LIMIT_BYTES
    assert (after.threads, after.files) == (before.threads, before.files)
    # Two faces for 1.5 s at 30 frames per second: 368 KiB a frame, 240 in 16 bits.
    assert state < (47e6 if not half else 34e6)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_real_backend_stays_in_its_memory(toy):
    from mol_edge.backends import BackendOptions, open_backend

    with open_backend(toy, "onnxruntime", BackendOptions(threads=1)) as backend:
        before, after, _ = soak(backend, 1500, EngineOptions(flow="always"))
    assert after.resident - before.resident < LIMIT_BYTES
    assert (after.threads, after.files) == (before.threads, before.files)


def test_a_short_soak_warms_up_for_half_of_its_time():
    assert [warm_up(frames) for frames in (2, 300, 2000, 100_000)] == [1, 150, 1000, 1000]
