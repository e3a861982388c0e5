"""`mol-edge cache` and `mol-edge warmup`; engines are a FAKE's (see ../backends/fake_nvidia)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mol_edge.backends.engine_cache import EngineCache, EngineKey, Machine
from mol_edge.cli import main
from mol_edge.commands import cache as command

ORIN = Machine("10.3.0", "8.7", "36.4.3")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path))
    monkeypatch.setattr(command, "_machine", lambda: ORIN)
    return EngineCache()


def key(graph="head", machine=ORIN, **changes):
    return EngineKey(graph, "ab" * 32, "fp16", changes.get("batch", 1), machine)


def test_an_engine_is_found_by_everything_it_depends_on(cache):
    cache.store(key(), b"engine", 61.0)
    assert cache.load(key()) == b"engine"
    others = [
        key("flow"),
        key(batch=2),
        key(machine=Machine("10.4.0", "8.7", "36.4.3")),
        key(machine=Machine("10.3.0", "7.2", "36.4.3")),
        key(machine=Machine("10.3.0", "8.7", "36.4.4")),
        EngineKey("head", "cd" * 32, "fp16", 1, ORIN),
        EngineKey("head", "ab" * 32, "int8", 1, ORIN),
    ]
    assert [cache.load(other) for other in others] == [None] * len(others)
    assert len({other.stem for other in others} | {key().stem}) == len(others) + 1


def test_an_engine_that_was_changed_is_not_loaded(cache):
    path = cache.store(key(), b"engine", 61.0)
    path.write_bytes(b"enginE")
    assert cache.load(key()) is None
    note = path.with_suffix(".json")
    for content in ("", "[]", "{}", '{"key": {}}'):
        note.write_text(content)
        assert cache.load(key()) is None
        assert cache.entries()[0].state() == "damaged"


def test_how_long_a_build_takes_is_known_from_the_last_ones(cache):
    assert cache.expected_seconds("head", ORIN) is None
    cache.store(key(), b"1", 61.0)
    cache.store(key(batch=2), b"2", 75.5)
    assert cache.expected_seconds("head", ORIN) == 75.5
    assert cache.expected_seconds("head", Machine("10.3.0", "9.0")) is None


def test_ls_shows_each_engine(cache, capsys):
    assert main(["cache", "ls"]) == 0
    assert "0 engines, 0.0 MB" in capsys.readouterr().out
    cache.store(key(), b"e" * 2_500_000, 61.0)
    cache.store(key("flow", Machine("10.3.0", "9.0")), b"e", 5.0)
    assert main(["cache"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("2 engines, 2.5 MB")
    flow, head = lines[2:]
    assert flow.split()[:3] == ["flow", "fp16", "1"]
    assert flow.split("  ")[-1].strip() == "for another GPU or TensorRT" and "sm_90 " in flow
    assert "in 61 s" in head and head.endswith("sm_87, L4T 36.4.3  ready")


def test_verify_finds_damage_and_prune_removes_it(cache, capsys):
    whole = cache.store(key(), b"engine", 61.0)
    broken = cache.store(key("flow"), b"engine", 61.0)
    broken.write_bytes(b"engin")
    assert main(["cache", "verify"]) == 1
    out = capsys.readouterr().out
    assert f"{broken} is damaged" in out
    assert "1 of 2 engines are whole" in out
    assert "`mol-edge cache prune`" in out
    draft = cache.folder / ".flow.engine.x.part"
    draft.write_bytes(b"half")
    orphan = cache.folder / "gone.json"
    orphan.write_text("{}")
    other = cache.store(key("column", Machine("10.4.0", "8.7")), b"engine", 61.0)
    assert main(["cache", "prune"]) == 0
    assert "4 files removed" in capsys.readouterr().out
    assert whole.exists()
    assert not any(path.exists() for path in (broken, draft, orphan, other))
    assert main(["cache", "verify"]) == 0


def test_prune_all_leaves_nothing(cache, capsys):
    cache.store(key(), b"engine", 61.0)
    cache.store_timing(ORIN, b"timings")
    assert main(["cache", "prune", "--all"]) == 0
    assert list(cache.folder.iterdir()) == []


def test_a_machine_that_cannot_be_told_prunes_no_engine(cache, monkeypatch):
    path = cache.store(key(), b"engine", 61.0)
    monkeypatch.setattr(command, "_machine", lambda: None)
    assert main(["cache", "prune"]) == 0
    assert path.exists()


def test_warmup_on_a_cpu_runs_every_graph(toy_folder: Path, capsys):
    pytest.importorskip("onnxruntime")
    assert main(["warmup", "--bundle", str(toy_folder), "--device", "onnxruntime:cpu"]) == 0
    assert capsys.readouterr().out.startswith("toy on onnxruntime:cpu is ready after ")


@pytest.mark.parametrize("batch", ["0", "x", "1,", "100"])
def test_warmup_refuses_a_batch_that_is_none(batch, capsys):
    with pytest.raises(SystemExit):
        main(["warmup", "--batch", batch])
    assert "must be numbers from 1 to 64" in capsys.readouterr().err


def test_warmup_says_what_is_wrong_with_a_device(toy_folder, capsys):
    assert main(["warmup", "--bundle", str(toy_folder), "--device", "tensorrt"]) == 2
    assert "mol-edge: error: " in capsys.readouterr().err


def test_warmup_builds_engines_of_each_size_once(
    toy_folder, capsys, fake_nvidia, tmp_path, monkeypatch
):
    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path))
    trt, _ = fake_nvidia
    arguments = ["warmup", "--bundle", str(toy_folder), "--device", "tensorrt", "--batch", "1,2"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert "7 engines were built and kept" in out  # and one by the trial
    assert "engine 7 of 7, head: 0%" in err
    assert main(arguments) == 0
    assert "were built" not in capsys.readouterr().out
    notes = [json.loads(path.read_text()) for path in (tmp_path / "engines").glob("*.json")]
    assert sorted(note["key"]["batch"] for note in notes) == [1] * 4 + [2] * 4
