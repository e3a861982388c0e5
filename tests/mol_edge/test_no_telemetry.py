import os
import subprocess
import sys

import pytest


def run(program, home, **variables):
    """What a program prints, and the names of the files it leaves below its user's home."""
    hidden = ("ORT_DISABLE_TELEMETRY", "CI", "XDG_CACHE_HOME")
    known = {name: value for name, value in os.environ.items() if name not in hidden}
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**known, "HOME": str(home), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), [path.name for path in home.rglob("*")]


def test_onnxruntime_keeps_no_number_of_the_device_and_no_reports(tmp_path):
    pytest.importorskip("onnxruntime")
    if not run("import onnxruntime", tmp_path / "without")[1]:
        pytest.skip("this ONNX Runtime keeps no reports by itself, or not on this system")
    assert run("import mol_edge, onnxruntime", tmp_path / "with") == ("", [])


def test_who_wants_the_reports_keeps_them(tmp_path):
    program = "import mol_edge, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    assert run(program, tmp_path / "home", ORT_DISABLE_TELEMETRY="0")[0] == "0"
