"""The stub file, and the examples in the docstrings, against the module that was built."""

from __future__ import annotations

import ast
import doctest
import re
from pathlib import Path

import pytest

from mol_edge import _core

STUB = Path(_core.__file__).with_name("_core.pyi")


def stub_functions(source: str) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(source)
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def module_functions() -> dict[str, ast.FunctionDef]:
    """Signatures as pybind11 writes them into the first line of each docstring."""
    functions = {}
    for name, value in vars(_core).items():
        if callable(value) and not isinstance(value, type):
            (node,) = ast.parse(f"def {value.__doc__.splitlines()[0]}: ...").body
            assert isinstance(node, ast.FunctionDef)
            functions[name] = node
    return functions


def plain(annotation: ast.expr | None) -> str:
    """A type in the stub's words, whichever version of pybind11 wrote it."""
    assert annotation is not None
    text = ast.unparse(annotation)
    text = re.sub(r"numpy\.typing\.NDArray|numpy\.ndarray", "NDArray", text)
    text = text.replace("numpy.", "np.")
    text = text.replace("typing.SupportsFloat | typing.SupportsIndex", "float")
    text = text.replace("typing.SupportsInt | typing.SupportsIndex", "int")
    text = re.sub(r"np\.bool\b", "np.bool_", text)
    # What a tuple holds, pybind11 does not tell.
    text = re.sub(r"^tuple\[.*\]$", "tuple", text)
    return re.sub(r"Optional\[(.*)\]$", r"\1 | None", text)


def signature(node: ast.FunctionDef) -> tuple[object, ...]:
    arguments = [(argument.arg, plain(argument.annotation)) for argument in node.args.args]
    defaults = [ast.literal_eval(default) for default in node.args.defaults]
    return arguments, defaults, plain(node.returns)


def differences(stub: str) -> list[str]:
    stated, built = stub_functions(stub), module_functions()
    missing = sorted(set(stated) ^ set(built))
    return missing + [
        f"{name}: {signature(stated[name])} != {signature(built[name])}"
        for name in sorted(set(stated) & set(built))
        if signature(stated[name]) != signature(built[name])
    ]


def test_stub_has_the_functions_of_the_module():
    assert differences(STUB.read_text()) == []


def test_stub_has_the_classes_of_the_module_and_their_methods():
    stated = {
        node.name: {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        for node in ast.parse(STUB.read_text()).body
        if isinstance(node, ast.ClassDef)
    }
    built = {
        name: {each for each in vars(value) if each == "__init__" or not each.startswith("_")}
        for name, value in vars(_core).items()
        if isinstance(value, type)
    }
    assert stated == built != {}


@pytest.mark.parametrize("name", ["HeadPatches", "MotionStream"])
def test_examples_of_classes_hold(name):
    text = getattr(_core, name).__doc__
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


def test_stub_has_the_constants_of_the_module():
    tree = ast.parse(STUB.read_text())
    stated = {
        node.target.id: ast.unparse(node.annotation)
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    built = {
        name: type(value).__name__
        for name, value in vars(_core).items()
        if not callable(value) and not name.startswith("__")
    }
    assert stated == built


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("full_range: bool = False", "full_range: bool = True"),
        ("mean: float", "average: float"),
        ("points: NDArray[np.float32]", "points: NDArray[np.float64]"),
        ("def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]: ...", ""),
        (") -> NDArray[np.uint8]: ...", ") -> NDArray[np.int8]: ..."),
    ],
)
def test_a_stub_that_differs_is_noticed(old, new):
    stub = STUB.read_text()
    assert old in stub
    assert differences(stub.replace(old, new)) != []


@pytest.mark.parametrize("name", list(stub_functions(STUB.read_text())))
def test_docstrings_tell_and_show(name):
    text = getattr(_core, name).__doc__
    assert len(text.splitlines()) > 1, f"{name} has no docstring"
    if name.startswith("_"):
        return
    for heading in ("Args:", "Returns:", "Raises:", "Example:"):
        assert heading in text, f"{name} lacks {heading}"
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0
