import os
import subprocess
import sys

import pytest

WITH = "import mol_edge, onnxruntime, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
WITHOUT = "import onnxruntime; print()"


def run(program, home, **variables):
    known = {k: v for k, v in os.environ.items() if k not in ("ORT_DISABLE_TELEMETRY", "CI")}
    known.pop("XDG_CACHE_HOME", None)
    env = {**known, "HOME": str(home), **variables}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), [path.name for path in home.rglob("*")]


def test_onnxruntime_keeps_no_number_of_the_device_and_no_reports(tmp_path):
    pytest.importorskip("onnxruntime")
    (tmp_path / "with").mkdir()
    assert run(WITH, tmp_path / "with") == ("1", [])


def test_without_mol_edge_it_does(tmp_path):
    """Whether the test above can fail with the version that is installed."""
    pytest.importorskip("onnxruntime")
    if not run(WITHOUT, tmp_path)[1]:
        pytest.skip("this ONNX Runtime keeps no reports, or not on this system")


def test_who_wants_the_reports_keeps_them():
    program = "import mol_edge, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    env = {**os.environ, "ORT_DISABLE_TELEMETRY": "0"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "0"
