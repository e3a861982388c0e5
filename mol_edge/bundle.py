"""A model on disk: a folder with `manifest.json` and the files it lists, checked on opening."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from dataclasses import dataclass
from pathlib import Path

from mol_edge import onnx_file
from mol_edge.bundle_files import MANIFEST as MANIFEST
from mol_edge.bundle_files import compare, measure_open, open_inside, read_manifest
from mol_edge.errors import BundleError
from mol_edge.manifest import FileInfo, GraphInfo, Manifest

_DEMO = Path(__file__).parent / "data" / "demo"


@dataclass(frozen=True)
class GraphBytes:
    """One graph as read from a bundle, its bytes checked.

    Attributes:
        info: its entry in the manifest.
        model: the graph itself: an ONNX file or OpenVINO's XML.
        weights: the file its large constants lie in, or None: all are in `model`.
    """

    info: GraphInfo
    model: bytes
    weights: bytes | None

    @property
    def location(self) -> str:
        """How an ONNX file calls `weights`; empty if there are none."""
        return _location(self.info) or ""

    def onnx(self) -> bytes:
        """The ONNX file with its constants inside; raises BundleError if it names other files."""
        return onnx_file.inline(self.model, self.weights, self.location)


@dataclass(frozen=True)
class Bundle:
    """A model with its labels and constants, ready to be opened by a backend.

    Objects are immutable and hold no open file, so threads may share one.

    Attributes:
        folder: where it lies.
        manifest: what it says about itself.

    Example:
        >>> bundle = Bundle.default()
        >>> bundle.manifest.window_ms
        350.0
    """

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, failed: bool = False) -> Bundle:
        """Read the manifest in the folder `path` and check every file it lists.

        Sizes and SHA-256 of all files are compared, and no ONNX file may keep tensors in another
        file than its `weights`. Nothing is unpickled or executed.

        Args:
            path: the folder.
            failed: open also a bundle that does not compute what its network does, to look at it.

        Raises:
            BundleError: there is no bundle, or it is damaged, incomplete or points elsewhere, or
                its manifest says that it failed its verification.
        """
        if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
            raise BundleError(f"A bundle is named by the path of its folder, got {path!r}.")
        folder = Path(path)
        bundle = cls(folder, Manifest.from_json(read_manifest(folder)))
        if not failed:
            bundle._check_verification()
        bundle._check_files()
        return bundle

    @classmethod
    def default(cls) -> Bundle:
        """The demo bundle that comes with the package: small, trained on synthetic faces alone."""
        if not (_DEMO / MANIFEST).is_file():
            raise BundleError(
                "This installation of mol-edge carries no demo bundle: install it anew or name "
                "a bundle of your own."
            )
        return cls.open(_DEMO)

    def has(self, name: str, precision: str = "fp32", form: str = "onnx") -> bool:
        """Whether the bundle holds a graph of that name, precision and form."""
        return name in self.manifest.graphs.get(precision, {}).get(form, {})

    def graph_info(self, name: str, precision: str = "fp32", form: str = "onnx") -> GraphInfo:
        """The manifest's entry of a graph.

        Raises:
            BundleError: the bundle has no such graph; the message lists what it has.
        """
        graphs = self.manifest.graphs
        if precision not in graphs:
            raise BundleError(
                f"The bundle {self.manifest.name} has the precisions {', '.join(graphs)}, and not "
                f"{precision!r}: ask for one of these, or export it with --precision."
            )
        if not self.has(name, precision, form):
            there = sorted(
                f"{p}/{f}/{n}" for p, forms in graphs.items() for f, g in forms.items() for n in g
            )
            raise BundleError(
                f"The bundle {self.manifest.name} has no graph {precision}/{form}/{name}, only "
                f"{', '.join(there)}: ask for one of these or export it again."
            )
        return graphs[precision][form][name]

    def graph(self, name: str, precision: str = "fp32", form: str = "onnx") -> GraphBytes:
        """Read one graph; the bytes returned are those whose SHA-256 was compared.

        Raises:
            BundleError: the bundle has no such graph, or a file changed since it was opened.
        """
        info = self.graph_info(name, precision, form)
        weights = None if info.weights is None else self.read(info.weights)
        return GraphBytes(info, self.read(info.file), weights)

    def read(self, path: str) -> bytes:
        """Read one file; the bytes returned are those whose SHA-256 was compared.

        Raises:
            BundleError: the manifest does not list it, or it changed since the bundle was opened.
        """
        info = self.manifest.files.get(path)
        if info is None:
            raise BundleError(
                f"The bundle {self.manifest.name} lists no file {path!r}: ask for one of "
                f"{', '.join(sorted(self.manifest.files))}."
            )
        with open_inside(self.folder, path) as file:
            content = file.read(info.bytes + 1)
        compare(path, info, FileInfo(len(content), hashlib.sha256(content).hexdigest()))
        return content

    def _check_verification(self) -> None:
        if self.manifest.verification.get("passed", True) is not True:
            raise BundleError(
                "A bundle must compute what PyTorch does, and its manifest says that the one in "
                f"{self.folder} does not: export its checkpoint again, and see what differs with "
                "`python -m export show`."
            )

    def _check_files(self) -> None:
        manifest = self.manifest
        onnx = {
            info.file: _location(info)
            for forms in manifest.graphs.values()
            for form, graphs in forms.items()
            if form != "openvino"
            for info in graphs.values()
        }
        for path, info in manifest.files.items():
            if path in onnx:
                _check_external(path, self.read(path), onnx[path])
                continue
            with open_inside(self.folder, path) as file:
                compare(path, info, measure_open(file))


def measure(path: Path) -> FileInfo:
    """Size and SHA-256 of a file, for its entry in a manifest."""
    with path.open("rb") as file:
        return measure_open(file)


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """Write `manifest` into `folder`, whole or not at all, and return its path."""
    path = folder / MANIFEST
    draft = folder / f"{MANIFEST}.part"
    draft.write_text(json.dumps(manifest.to_json(), indent=2) + "\n", encoding="utf-8")
    os.replace(draft, path)
    return path


def _location(info: GraphInfo) -> str | None:
    """How a graph's file calls its weights file: the path from its own folder."""
    if info.weights is None:
        return None
    return posixpath.relpath(info.weights, posixpath.dirname(info.file) or ".")


def _check_external(path: str, content: bytes, location: str | None) -> None:
    try:
        onnx_file.check_external(content, location)
    except BundleError as error:
        raise BundleError(f"In the bundle's file {path}: {error}") from None
