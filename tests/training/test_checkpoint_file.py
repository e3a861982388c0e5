"""Damage that PyTorch does not see."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.checkpoint_file import UnreadableError, load_file


def _with_a_flipped_bit(path: Path) -> Path:
    torch.save({"weight": torch.zeros(5000)}, path)
    content = bytearray(path.read_bytes())
    # Amid the tensor's zeros: the file is nothing but them for the most part.
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return path


def test_a_flipped_bit_of_a_weight_is_seen(tmp_path: Path) -> None:
    path = _with_a_flipped_bit(tmp_path / "damaged.pt")
    assert torch.load(path, weights_only=True)["weight"].count_nonzero() == 1
    with pytest.raises(UnreadableError, match="it is cut off or damaged"):
        load_file(path)


def test_a_file_that_was_saved_without_checksums_is_read(tmp_path: Path) -> None:
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"weight": torch.ones(50)}, tmp_path / "plain.pt")
    finally:
        torch.serialization.set_crc32_options(True)
    content = load_file(tmp_path / "plain.pt")
    assert isinstance(content, dict) and torch.equal(content["weight"], torch.ones(50))
