"""The TensorRT backend above a FAKE of NVIDIA's packages."""

from __future__ import annotations

import pytest

from mol_edge.backends import BackendOptions
from mol_edge.backends.opening import open_device


@pytest.fixture
def tensorrt_options(tmp_path):
    """Engines are kept in a folder of the test's own."""
    return BackendOptions(cache_dir=tmp_path / "engines")


@pytest.fixture
def tensorrt(fake_nvidia, toy, tensorrt_options):
    """The backend, opened on the toy bundle, without any engine yet."""
    with open_device(toy, "tensorrt", tensorrt_options) as opened:
        yield opened
