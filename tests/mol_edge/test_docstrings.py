"""Every example in a docstring of the runtime runs as it stands, from the repository's root."""

import doctest
import importlib
import logging
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "mol_edge").rglob("*.py")
    if ">>> " in path.read_text()
)


def test_examples_are_found():
    assert len(MODULES) > 15


@pytest.mark.parametrize("name", MODULES)
def test_examples(name, monkeypatch, caplog):
    pytest.importorskip("cv2")
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(ROOT)
    caplog.set_level(logging.ERROR, "mol_edge")
    module = importlib.import_module(name)
    assert any(found.examples for found in doctest.DocTestFinder().find(module))
    assert doctest.testmod(module, optionflags=FLAGS).failed == 0
