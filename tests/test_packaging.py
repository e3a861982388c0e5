"""What the package asks pip for: little, and on a Jetson nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    toml = pytest.importorskip("tomllib", reason="tomllib came with Python 3.11")
    settings: dict[str, Any] = toml.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return settings


def names(requirements: list[str]) -> set[str]:
    found = [re.match(r"[A-Za-z0-9_.-]+", each) for each in requirements]
    return {match[0].lower() for match in found if match}


def test_the_base_is_numpy_alone_and_any_from_1_21_on(project: dict[str, Any]) -> None:
    assert project["project"]["dependencies"] == ["numpy>=1.21"]


def test_jetson_adds_nothing_to_what_jetpack_has(project: dict[str, Any]) -> None:
    assert project["project"]["optional-dependencies"]["jetson"] == []


def test_nothing_subscripts_what_numpy_1_21_cannot(project: dict[str, Any]) -> None:
    """Annotations are not evaluated, aliases are: those belong in quotes."""
    alias = re.compile(r"^\w+ = .*\bnp\.(floating|integer|number|generic)\[", re.MULTILINE)
    assert alias.search("Any = NDArray[np.floating[Any]]\n")
    files = sorted((ROOT / "mol_edge").rglob("*.py"))
    assert len(files) > 100
    assert [path.name for path in files if alias.search(path.read_text(encoding="utf-8"))] == []


def test_no_extra_of_a_device_brings_torch(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    devices = [extras[name] for name in extras if name not in ("train", "export", "dev", "dlib")]
    assert len(devices) >= 4
    for requirements in devices:
        assert not names(requirements) & {"torch", "onnx", "scipy", "scikit-learn"}


def test_wheels_are_built_for_every_python_that_is_promised(project: dict[str, Any]) -> None:
    promised = {
        "cp" + text.rpartition(" ")[2].replace(".", "") + "-*"
        for text in project["project"]["classifiers"]
        if re.search(r":: 3\.\d+$", text)
    }
    assert promised == set(project["tool"]["cibuildwheel"]["build"])
    assert len(promised) == 4


def test_constraints_pin_every_package_of_every_extra(project: dict[str, Any]) -> None:
    pinned = names((ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    extras = project["project"]["optional-dependencies"]
    wanted = set().union(*(names(extras[name]) for name in ("cpu", "openvino", "cli", "dev")))
    assert len(wanted) > 10
    assert wanted <= pinned
