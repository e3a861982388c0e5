"""What `mol-edge run` writes, arguments that make it quick, and a run that gets a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
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


def run_until_signalled(
    arguments: Sequence[str], out: Path, cache: Path, *numbers: signal.Signals
) -> tuple[int, str, str]:
    """Run `mol-edge run` until it has written a few lines, signal it; exit code, output, errors.

    Several signals come at one moment.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "mol_edge", "run", *arguments, "--out", str(out), "--quiet"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "MOL_EDGE_CACHE": str(cache)},
    )
    path = out / "results.jsonl"
    for _ in range(1200):
        if path.exists() and path.read_bytes().count(b"\n") > 5:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGSTOP)
    for number in numbers:
        process.send_signal(number)
    process.send_signal(signal.SIGCONT)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors
