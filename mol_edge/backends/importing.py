"""Importing a runtime: one that is absent and one that is broken have different remedies."""

from __future__ import annotations

import importlib
from typing import Any

from mol_edge.errors import DeviceError, MissingExtraError


def import_runtime(module: str, package: str, extra: str) -> Any:
    """Import the module of a runtime.

    Args:
        module: what to import, such as ``onnxruntime``.
        package: its name on the package index.
        extra: the extra of mol-edge that brings it, or "" where none does.

    Raises:
        MissingExtraError: it is not installed.
        DeviceError: it is installed and cannot be imported.

    Example:
        >>> import_runtime("json", "json", "cpu").__name__
        'json'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise _broken(package, error) from error
        raise MissingExtraError(package, extra, f"The device {module}") from None
    except Exception as error:
        # A shared library that is missing raises ImportError, a wrong NumPy other classes.
        raise _broken(package, error) from error


def _broken(package: str, error: Exception) -> DeviceError:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return DeviceError(
        f"The package {package} is installed and cannot be imported ({lines[0][:200]}): run "
        f"`pip install --force-reinstall {package}`."
    )
