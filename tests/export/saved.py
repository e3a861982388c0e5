"""A checkpoint with any content."""

from __future__ import annotations

from pathlib import Path

import torch


def saved(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "checkpoint.pt"
    torch.save(content, path)
    return path
