"""What `mol-edge run` writes, and arguments that make it quick."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

import mol_edge

FAST = ("--detector", "haar", "--device", "onnxruntime", "--threads", "2", "--no-flow")


def read_lines(path: Path) -> list[dict]:
    schema = json.loads(
        (Path(mol_edge.__file__).parent / "schema" / "results.schema.json").read_text()
    )
    validator = jsonschema.Draft202012Validator(schema)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in lines:
        validator.validate(line)
    return lines
