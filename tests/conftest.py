"""Fixtures that several test files use."""

import os
import signal

import pytest

import mol_edge  # noqa: F401 (before any runtime, as it keeps them from reporting their use)

# Tests run side by side, and threads of PyTorch that wait for a core burn it meanwhile.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# What the extras bring, under the names by which it is imported.
OPTIONAL = frozenset(
    ("cv2", "matplotlib", "onnx", "onnxruntime", "openvino", "skimage", "sklearn", "torch", "tqdm")
)


class TestFile(pytest.Module):
    """A file that is skipped where it imports something optional that is not installed."""

    def collect(self):
        """Its tests."""
        try:
            return super().collect()
        except self.CollectError as error:
            cause = error.__cause__
            if isinstance(cause, ModuleNotFoundError) and cause.name:
                package = cause.name.partition(".")[0]
                if package in OPTIONAL:
                    reason = f"{self.path.name} needs {package}, which is not installed"
                    pytest.skip(reason, allow_module_level=True)
            raise


def pytest_pycollect_makemodule(module_path, parent):
    """Take each test file as a `TestFile`."""
    return TestFile.from_parent(parent, path=module_path)


@pytest.fixture(scope="session", autouse=True)
def usual_signals():
    """Signals as a terminal gives them, where tests run under `nohup` or behind an `&`."""
    ignored = [
        number
        for number in (signal.SIGINT, signal.SIGHUP)
        if signal.getsignal(number) is signal.SIG_IGN
    ]
    for number in ignored:
        usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, usual)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory):
    """The cache of all tests of a session: they leave the user's own one alone."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("MOL_EDGE_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def toy_folder(tmp_path_factory):
    """Folder of a bundle of tiny real graphs, aligned per frame; read it, change copies."""
    pytest.importorskip("onnx", reason="the toy bundle is written with the package onnx")
    from tests.toy_bundle import write_bundle

    folder = tmp_path_factory.mktemp("toy") / "bundle"
    write_bundle(folder)
    return folder


@pytest.fixture(scope="session")
def toy(toy_folder):
    """The same bundle, opened."""
    from mol_edge.bundle import Bundle

    return Bundle.open(toy_folder)


@pytest.fixture
def toy_copy(toy_folder, tmp_path):
    """A copy of the same bundle's folder that a test may damage."""
    import shutil

    return shutil.copytree(toy_folder, tmp_path / "bundle")
