"""The fake of NVIDIA's packages, in place of packages that are not there or must not be used."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

FAKE_NVIDIA = Path(__file__).parent / "fake_nvidia"
_OURS = ("tensorrt_", "tensorrt_build", "tensorrt_engine")


@pytest.fixture
def fake_nvidia(monkeypatch):
    """The modules `tensorrt` and `cuda.bindings.runtime`, both fakes at the API's boundary."""
    pytest.importorskip("onnxruntime", reason="the fake runs graphs with it")
    monkeypatch.syspath_prepend(FAKE_NVIDIA)

    def forget():
        for name in list(sys.modules):
            ours = name.rpartition("mol_edge.backends.")[2] in _OURS
            if name in ("tensorrt", "cuda") or name.startswith("cuda.") or ours:
                del sys.modules[name]

    forget()
    importlib.invalidate_caches()
    trt = importlib.import_module("tensorrt")
    assert Path(trt.__file__).is_relative_to(FAKE_NVIDIA)
    yield trt, importlib.import_module("cuda.bindings.runtime").world
    forget()
