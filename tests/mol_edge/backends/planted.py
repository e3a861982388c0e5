"""Broken runtimes to put before the real ones: modules that a child process really imports."""

from __future__ import annotations

from pathlib import Path

RAISES = "raise ImportError('libtbb.so.12: cannot open shared object file')\n"
SEGFAULTS = "import ctypes\nctypes.string_at(0)\n"
HANGS = "import time\ntime.sleep(3600)\n"

FAILS_AT_FIRST_INFERENCE = """
__version__ = "1.23.0"

def get_available_providers():
    return ["CUDAExecutionProvider", "CPUExecutionProvider"]

class SessionOptions:
    def add_session_config_entry(self, key, value):
        pass

class _Binding:
    def bind_input(self, *arguments):
        pass
    bind_output = bind_input

class InferenceSession:
    def __init__(self, model, sess_options=None, providers=None):
        pass

    def io_binding(self):
        return _Binding()

    def run_with_iobinding(self, binding):
        raise RuntimeError(
            "CUDA failure 209: no kernel image is available for execution on the device"
        )
"""

CRASHES_AT_FIRST_INFERENCE = FAILS_AT_FIRST_INFERENCE.replace(
    "raise RuntimeError(", "import ctypes; ctypes.string_at(0); raise RuntimeError("
)

HANGS_AT_FIRST_INFERENCE = FAILS_AT_FIRST_INFERENCE.replace(
    "raise RuntimeError(", "import time; time.sleep(3600); raise RuntimeError("
)

HANGS_ON_THE_CPU = FAILS_AT_FIRST_INFERENCE.replace(
    """providers=None):
        pass
""",
    """providers=None):
        self.on_cpu = "CUDAExecutionProvider" not in str(providers)
""",
).replace("raise RuntimeError(", "import time; time.sleep(3600 * self.on_cpu); raise RuntimeError(")


def plant(folder: Path, **modules: str) -> Path:
    """Write packages into a folder; ONNX Runtime's seems to have a CUDA provider."""
    for name, source in modules.items():
        package = folder / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(source)
        if name == "onnxruntime":
            (package / "capi").mkdir()
            (package / "capi" / "libonnxruntime_providers_cuda.so").touch()
    return folder
