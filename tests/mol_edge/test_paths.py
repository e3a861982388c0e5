from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mol_edge.paths import user_cache_dir


def test_the_variable_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path / "here"))
    assert user_cache_dir() == tmp_path / "here"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MOL_EDGE_CACHE", "~/there")
    assert user_cache_dir() == tmp_path / "there"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders are Linux's")
def test_xdg_then_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MOL_EDGE_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert user_cache_dir() == tmp_path / "xdg" / "mol-edge"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert user_cache_dir() == tmp_path / ".cache" / "mol-edge"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert user_cache_dir() == tmp_path / ".cache" / "mol-edge"
