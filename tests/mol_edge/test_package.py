import importlib.metadata
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import mol_edge

ROOT = Path(__file__).parents[2]

PROBE = """
import json, sys, time
start = time.process_time()
import mol_edge
print(json.dumps({"seconds": time.process_time() - start, "modules": sorted(sys.modules)}))
"""


def test_importing_the_package_imports_no_runtime():
    command = [sys.executable, "-c", PROBE]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, timeout=60)
    outcome = json.loads(done.stdout)
    modules = set(outcome["modules"])
    assert "mol_edge.pipeline" in modules
    assert not modules & {"torch", "cv2", "onnxruntime", "openvino", "onnx", "rich", "jsonschema"}
    assert not modules & {"training", "export", "urllib.request", "http.client"}
    print(f"import mol_edge: {outcome['seconds']:.2f} s of processor time")


def test_every_public_name_is_there_and_explained():
    assert len(mol_edge.__all__) == len(set(mol_edge.__all__)) > 25
    for name in mol_edge.__all__:
        assert getattr(mol_edge, name) is not None
        if name != "__version__":
            assert len(inspect.getdoc(getattr(mol_edge, name))) > 20


def test_the_version_is_that_of_the_installed_project():
    assert importlib.metadata.version("mol-edge") == mol_edge.__version__


def test_the_runtime_imports_neither_training_nor_export():
    files = sorted((ROOT / "mol_edge").rglob("*.py"))
    assert len(files) > 20
    pattern = re.compile(r"^\s*(from|import) (torch|training|export|benchmarks)\b", re.M)
    for path in files:
        assert not pattern.search(path.read_text()), path


def test_the_library_does_not_print():
    allowed = {"cli.py", "commands", "progress.py"}
    for path in sorted((ROOT / "mol_edge").rglob("*.py")):
        if not allowed & set(path.relative_to(ROOT / "mol_edge").parts):
            assert not re.search(r"^\s*print\(", path.read_text(), re.M), path


def test_sources_without_their_core_say_what_to_do(tmp_path: Path) -> None:
    """A checkout in whose folder Python is started, with the package installed elsewhere."""
    package = Path(mol_edge.__file__).parent
    skip = shutil.ignore_patterns("_core*.so", "_core*.pyd", "__pycache__", "data")
    shutil.copytree(package, tmp_path / "mol_edge", ignore=skip)
    done = subprocess.run(
        [sys.executable, "-S", "-c", "import mol_edge"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[1:])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: mol_edge needs its compiled core, and ")
    assert last.endswith("or run `pip install -e .` in this one.")
