from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from mol_edge import doctor
from mol_edge.bundle import Bundle
from tests.mol_edge.conftest import RunCommand

pytest.importorskip("onnxruntime")


def test_a_device_that_works_is_proved_by_running_every_graph() -> None:
    report = doctor.check_device(Bundle.default(), "onnxruntime:cpu")
    assert report.works
    assert report.frame_ms is not None
    assert report.frame_ms > 0
    assert report.note == ""


def test_a_device_that_fails_says_why() -> None:
    report = doctor.check_device(Bundle.default(), "onnxruntime:cuda:0")
    if report.works:
        pytest.skip("this machine has a GPU that works")
    assert "onnxruntime:cuda:0" in report.note


def test_a_device_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    release = threading.Event()
    monkeypatch.setattr(doctor, "_frame_ms", lambda bundle, device: release.wait(30))
    report = doctor.check_device(Bundle.default(), "onnxruntime:cpu", deadline_s=0.05)
    release.set()
    assert not report.works
    assert report.note == "no answer within 0 s"


def test_numbers_that_are_not_finite_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "isfinite", lambda array: np.zeros(1, bool))
    report = doctor.check_device(Bundle.default(), "onnxruntime:cpu")
    assert not report.works
    assert "not finite" in report.note


def test_a_package_that_is_not_there_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    report = next(item for item in doctor.check_packages() if item.name == "rich")
    assert report.version == ""
    assert 'pip install "mol-edge[cli]"' in report.note


def test_a_package_that_is_broken_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "rich.py").write_text("raise ImportError('libGL.so.1: cannot open shared object')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "rich", raising=False)
    report = next(item for item in doctor.check_packages() if item.name == "rich")
    assert report.version == ""
    assert "installed but broken (libGL.so.1" in report.note


def test_the_command_runs_an_inference_on_every_device(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("doctor")
    assert done.returncode == 0, done.stderr
    for device in doctor.find_devices():
        row = next(line for line in done.stdout.splitlines() if line.startswith(device))
        assert row.split()[1] == "fails" or float(row.split()[1]) > 0
    assert "onnxruntime:cpu" in done.stdout
    assert "C++ core with" in done.stdout


def test_the_command_says_how_to_mend_a_machine_without_a_runtime(
    mol_edge_command: RunCommand,
) -> None:
    done = mol_edge_command("doctor", without=["onnxruntime", "openvino"])
    assert done.returncode == 1, done.stderr
    assert 'run `pip install "mol-edge[cpu]"`' in done.stdout
    assert "Traceback" not in done.stderr
