"""A model on disk: a folder with `manifest.json` and the files it lists, checked on opening."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from mol_edge.manifest import FileInfo, Manifest

MANIFEST = "manifest.json"
_MANIFEST_LIMIT = 16 << 20
_CHUNK = 1 << 20


def measure(path: Path) -> FileInfo:
    """Size and SHA-256 of a file, for its entry in a manifest."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return FileInfo(bytes=size, sha256=digest.hexdigest())


def write_manifest(folder: Path, manifest: Manifest) -> Path:
    """Write `manifest` into `folder` (whole or not at all) and return its path."""
    path = folder / MANIFEST
    draft = folder / f"{MANIFEST}.part"
    draft.write_text(json.dumps(manifest.to_json(), indent=2) + "\n", encoding="utf-8")
    os.replace(draft, path)
    return path
