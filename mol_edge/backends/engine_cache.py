"""Compiled TensorRT engines on disk, each with a note of what it was built for.

An engine fits one TensorRT version and one kind of GPU, takes minutes to build, and is as good as a
program: it is loaded only if its bytes are those that were written.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from mol_edge.errors import OutputError
from mol_edge.paths import user_cache_dir

ENGINE, NOTE, DRAFT = ".engine", ".json", ".part"
RECIPE = 1
"""Number of the way in which engines are built; another one makes them anew."""

State = Literal["ready", "other", "damaged"]


@dataclass(frozen=True)
class Machine:
    """What an engine depends on beside its graph.

    Attributes:
        tensorrt: version of TensorRT.
        compute_capability: of the GPU, such as ``8.7``.
        l4t: release of Linux for Tegra, such as ``36.4.0``; empty elsewhere.
    """

    tensorrt: str
    compute_capability: str
    l4t: str = ""


@dataclass(frozen=True)
class EngineKey:
    """What an engine is of and for; two that differ in anything are two engines.

    Attributes:
        graph: name of the graph.
        sha256: digest of the graph and its weights.
        precision: precision of the bundle that it is of.
        batch: the one batch size of its profile.
        machine: where it runs.
        recipe: see `RECIPE`.

    Example:
        >>> EngineKey("head", "ab" * 32, "fp16", 1, Machine("10.3.0", "8.7")).stem[:12]
        'head-fp16-b1'
    """

    graph: str
    sha256: str
    precision: str
    batch: int
    machine: Machine
    recipe: int = RECIPE

    @property
    def stem(self) -> str:
        """Name of its files without their suffix."""
        text = json.dumps(asdict(self), sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        return f"{self.graph}-{self.precision}-b{self.batch}-{digest}"


@dataclass(frozen=True)
class CachedEngine:
    """An engine as its note describes it.

    Attributes:
        path: file of the engine.
        key: what it is of and for; None where the note cannot be read.
        sha256: digest of the engine.
        size: bytes of the engine.
        seconds: time that building it took.
        built: when, seconds since 1970.
    """

    path: Path
    key: EngineKey | None
    sha256: str = ""
    size: int = 0
    seconds: float = 0.0
    built: float = 0.0

    def state(self, machine: Machine | None = None) -> State:
        """Whether its bytes are whole and, where a machine is given, whether it is of that one."""
        if self.key is None:
            return "damaged"
        try:
            content = self.path.read_bytes()
        except OSError:
            return "damaged"
        if len(content) != self.size or hashlib.sha256(content).hexdigest() != self.sha256:
            return "damaged"
        if self.key.recipe != RECIPE or (machine is not None and self.key.machine != machine):
            return "other"
        return "ready"


class EngineCache:
    """The engines in a folder; one process may read what another one writes.

    Args:
        folder: where they lie, the folder ``engines`` of the user's cache by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or user_cache_dir() / "engines"

    def load(self, key: EngineKey) -> bytes | None:
        """The engine of a key; None where there is none, or it is not what was written."""
        entry = self._entry(self.folder / f"{key.stem}{ENGINE}")
        if entry.key != key:
            return None
        try:
            content = entry.path.read_bytes()
        except OSError:
            return None
        whole = hashlib.sha256(content).hexdigest() == entry.sha256
        return content if whole else None

    def has(self, key: EngineKey) -> bool:
        """Whether there is an engine of a key, by its note alone."""
        return self._entry(self.folder / f"{key.stem}{ENGINE}").key == key

    def store(self, key: EngineKey, engine: bytes, seconds: float) -> Path:
        """Write an engine and its note, each whole or not at all.

        Raises:
            OutputError: the folder cannot be written to.
        """
        path = self.folder / f"{key.stem}{ENGINE}"
        note = {
            "key": asdict(key),
            "sha256": hashlib.sha256(engine).hexdigest(),
            "size": len(engine),
            "seconds": round(seconds, 3),
            "built": round(time.time(), 3),
        }
        self._write(path, engine)
        self._write(path.with_suffix(NOTE), json.dumps(note, indent=1).encode())
        return path

    def remove(self, entry: CachedEngine) -> None:
        """Delete an engine with its note."""
        for path in (entry.path, entry.path.with_suffix(NOTE)):
            path.unlink(missing_ok=True)

    def entries(self) -> list[CachedEngine]:
        """Every engine, by name."""
        return [self._entry(path) for path in sorted(self.folder.glob(f"*{ENGINE}"))]

    def leftovers(self) -> Iterator[Path]:
        """Files that no engine needs: drafts of builds that were ended, notes without an engine."""
        yield from sorted(self.folder.glob(f"*{DRAFT}"))
        for note in sorted(self.folder.glob(f"*{NOTE}")):
            if not note.with_suffix(ENGINE).exists():
                yield note

    def expected_seconds(self, graph: str, machine: Machine) -> float | None:
        """How long building a graph took before on such a machine, the longest; None if never."""
        known = [
            entry.seconds
            for entry in self.entries()
            if entry.key is not None and entry.key.graph == graph and entry.key.machine == machine
        ]
        return max(known, default=None)

    def timing_path(self, machine: Machine) -> Path:
        """Where the timings lie that make later builds on such a machine shorter."""
        name = "-".join(filter(None, asdict(machine).values()))
        return self.folder / f"timing-{name}.cache"

    def load_timing(self, machine: Machine) -> bytes:
        """The timings of earlier builds, empty where there are none."""
        try:
            return self.timing_path(machine).read_bytes()
        except OSError:
            return b""

    def store_timing(self, machine: Machine, content: bytes) -> None:
        """Keep the timings; raises OutputError where the folder cannot be written to."""
        self._write(self.timing_path(machine), content)

    def _entry(self, path: Path) -> CachedEngine:
        try:
            note: dict[str, Any] = json.loads(path.with_suffix(NOTE).read_text())
            fields = dict(note["key"])
            key = EngineKey(**{**fields, "machine": Machine(**fields["machine"])})
            numbers = int(note["size"]), float(note["seconds"]), float(note["built"])
            return CachedEngine(path, key, str(note["sha256"]), *numbers)
        except (OSError, ValueError, KeyError, TypeError):
            return CachedEngine(path, None)

    def _write(self, path: Path, content: bytes) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                dir=self.folder, prefix=f".{path.name}.", suffix=DRAFT, delete=False
            ) as draft:
                draft.write(content)
            os.replace(draft.name, path)
        except OSError as error:
            raise OutputError(
                f"An engine must be kept in {self.folder} and cannot be ({error}): free some space "
                "there, or name another folder in MOL_EDGE_CACHE."
            ) from error
