"""What the C++ core's threads and arrays live through: closing, forks, a machine with no room."""

import gc
import os
import subprocess
import sys

import numpy as np
import pytest

from mol_edge.backends import BackendOptions, open_backend
from mol_edge.bundle import Bundle
from mol_edge.errors import DeviceError


@pytest.fixture(scope="module")
def demo():
    return Bundle.default()


@pytest.fixture
def frames():
    return np.random.default_rng(0).standard_normal((2, 1, 128, 128)).astype(np.float32)


def test_a_closed_backend_is_refused(demo, frames):
    backend = open_backend(demo, "native")
    backend.close()
    with pytest.raises(DeviceError, match="was closed"):
        backend.run("features", {"frames": frames})
    with pytest.raises(DeviceError, match="was closed"):
        backend.classify_rows(
            np.zeros((1, 6, 32, 8, 8), np.float32), [[0] * 8], np.zeros((1, 5), np.float32)
        )


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
def test_closing_ends_the_threads_and_so_does_forgetting(demo, frames):
    def threads():
        return len(os.listdir("/proc/self/task"))

    before = threads()
    backend = open_backend(demo, "native", BackendOptions(threads=4))
    backend.run("features", {"frames": frames})
    assert threads() == before + 3
    backend.close()
    assert threads() == before
    gc.disable()
    try:
        backend = open_backend(demo, "native", BackendOptions(threads=4))
        backend.run("features", {"frames": frames})
        del backend
        assert threads() == before
    finally:
        gc.enable()


FORKED = """
import os, threading
from mol_edge import Bundle
from mol_edge.backends import BackendOptions, open_backend
backend = open_backend(Bundle.default(), "native", BackendOptions(threads=3))
child = os.fork()
if child == 0:
    ready = threading.Event()
    others = [threading.Thread(target=ready.wait) for _ in range(4)]
    for other in others:
        other.start()
    backend.close()
    ready.set()
    for other in others:
        other.join()
    os._exit(0)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot fork here")
def test_a_forked_process_may_drop_what_it_inherited():
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


CRAMPED = """
import resource
from mol_edge import _core
from mol_edge.errors import OptionError
with open("/proc/self/statm") as file:
    there = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (there + 100_000_000,) * 2)
try:
    _core.Team(256, 0)
except OptionError as error:
    print(error)
print(_core.Team(2, 0).threads)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_threads_that_cannot_be_started_are_an_error_that_says_so():
    done = subprocess.run([sys.executable, "-c", CRAMPED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "threads must be as many as this process may start, got 256" in done.stdout
    assert done.stdout.endswith("2\n")
