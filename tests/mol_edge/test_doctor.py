from __future__ import annotations

import json
from pathlib import Path

import pytest

from mol_edge import doctor
from mol_edge.bundle import Bundle
from tests.mol_edge.backends import planted
from tests.mol_edge.backends.planted import plant
from tests.mol_edge.conftest import RunCommand

pytest.importorskip("onnxruntime")

DEADLINE_S = 60.0


def test_a_device_that_works_is_proved_by_running_every_graph() -> None:
    report = doctor.check_device(Bundle.default(), "onnxruntime:cpu", DEADLINE_S)
    assert report.works
    assert report.frame_ms is not None
    assert report.frame_ms > 0
    assert report.note == ""


def test_a_device_that_fails_says_why() -> None:
    report = doctor.check_device(Bundle.default(), "onnxruntime:cuda:0", DEADLINE_S)
    if report.works:
        pytest.skip("this machine has a GPU that works")
    assert "onnxruntime:cuda:0" in report.note
    assert "`pip install onnxruntime-gpu`" in report.note


def test_a_package_that_is_not_there_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", {"nowhere_at_all": ("nowhere", "cli", "nothing")})
    (report,) = doctor.check_packages()
    assert report.version == ""
    assert 'pip install "mol-edge[cli]"' in report.note


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("raise ImportError('libGL.so.1: cannot open shared object')", "libGL.so.1: cannot open"),
        (planted.SEGFAULTS, "it crashed with SIGSEGV"),
    ],
)
def test_a_package_that_is_broken_says_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, expected: str
) -> None:
    (tmp_path / "brittle.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(doctor, "PACKAGES", {"brittle": ("brittle", "cli", "nothing")})
    (report,) = doctor.check_packages()
    assert report.version == ""
    assert expected in report.note
    assert "`pip install --force-reinstall brittle`" in report.note


def test_packages_for_nvidia_are_missed_only_where_there_is_such_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packages = {"nowhere_at_all": ("nowhere", "tensorrt", "GPUs")}
    monkeypatch.setattr(doctor, "PACKAGES", packages)
    assert doctor.check_packages() == []
    assert len(doctor.check_packages(nvidia=True)) == 1


def test_the_command_runs_an_inference_on_every_device(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("doctor", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["works"] is True
    devices = {each["device"]: each for each in report["devices"]}
    assert devices["onnxruntime:cpu"]["frame_ms"] > 0
    assert "C++ core with" in report["machine"]
    assert {each["name"] for each in report["packages"]} >= {"numpy", "onnxruntime"}
    assert report["models"] == {"yunet": "absent"}


def test_a_machine_without_a_runtime_runs_the_core_alone(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("doctor", without=["onnxruntime", "openvino"])
    assert done.returncode == 0, done.stderr
    assert "native:cpu" in done.stdout
    assert 'run `pip install "mol-edge[cpu]"`' in done.stdout
    assert "Traceback" not in done.stderr


def test_a_machine_where_nothing_works_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = doctor.DeviceReport("native:cpu", None, "it crashed with SIGILL: run `pip …`.")
    monkeypatch.setattr(doctor, "_devices", lambda deadline_s: [broken])
    monkeypatch.setattr(doctor, "check_packages", lambda nvidia: [])
    report = doctor.examine(Bundle.default())
    assert not report.works
    (problem,) = (each for each in report.problems if each.what.startswith("No device works"))
    assert problem.mend == 'pip install --force-reinstall "mol-edge[cpu]"'


_NO_KERNEL = "no kernel image is available"
BROKEN = {
    "import raises": (planted.RAISES, "libtbb.so.12: cannot open shared object file"),
    "import crashes": (planted.SEGFAULTS, "it crashed with SIGSEGV"),
    "inference fails": (planted.FAILS_AT_FIRST_INFERENCE, _NO_KERNEL),
    "inference crashes": (planted.CRASHES_AT_FIRST_INFERENCE, "it crashed with SIGSEGV"),
    "inference hangs": (planted.HANGS_ON_THE_CPU, "it gave no result within 8 s"),
}


@pytest.mark.parametrize(("source", "expected"), BROKEN.values(), ids=BROKEN)
def test_the_command_ends_with_a_broken_runtime_and_names_the_mend(
    mol_edge_command: RunCommand,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    source: str,
    expected: str,
) -> None:
    folder = plant(tmp_path / "planted", onnxruntime=source)
    deadline = "8" if "hangs" in request.node.name else "60"
    done = mol_edge_command(
        "doctor", "--json", "--deadline", deadline, without=["openvino"], planted=folder
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    *others, native = report["devices"]
    assert (native["device"], native["works"]) == ("native:cpu", True)
    for device in others:
        assert device["works"] is False
        # On the GPU the inference that hangs fails at once, so that only one deadline passes.
        at_once = "hangs" in request.node.name and "cuda" in device["device"]
        assert (_NO_KERNEL if at_once else expected) in device["note"]
        assert "`pip install --" in device["note"] or "`nvidia-smi`" in device["note"]
    # What cannot be imported has no devices, only a name.
    named = "onnxruntime" if "import" in request.node.name else "onnxruntime:cpu"
    assert named in [device["device"] for device in others]
    assert "Traceback" not in done.stderr


def test_a_deadline_that_is_short_is_told_to_be_so(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("doctor", "--json", "--deadline", "0.01")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert len(report["devices"]) >= 1
    for device in report["devices"]:
        assert device["hung"] is True
        assert device["note"].startswith(
            "it gave no result within 0.01 s: give it longer (`mol-edge doctor --deadline 60`), "
            "and if that does not help "
        )
    assert report["problems"][-1] == {
        "what": "No device gave a result within 0.01 s, which is short",
        "mend": "mol-edge doctor --deadline 60",
    }


def test_a_deadline_that_is_none_is_refused(mol_edge_command: RunCommand) -> None:
    done = mol_edge_command("doctor", "--deadline", "0")
    assert done.returncode == 2
    assert "must be a number above 0 and at most 3600, got '0'" in done.stderr
