import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mol_edge.errors import InputError, MissingExtraError, OptionError
from tests.training.data.clips import numbers
from training.data import PrepareOptions, prepare
from training.data.__main__ import main
from training.data.cache import read_index
from training.data.prepare import find_clips
from training.data.report import Report

ROOT = Path(__file__).parents[3]


def options(folder, **changes):
    given = {"dataset": "casme2", "layout": "official", "classes": 5, "protocol": "event"}
    return PrepareOptions(
        **{**given, "root": folder.root, "landmarks": folder.landmarks(),
           "out": folder.root.parent / "cache", "jobs": 1, **changes}
    )  # fmt: skip


def test_a_look_alike_is_prepared_and_its_single_clip_noted(prepared):
    given, report = prepared
    assert (report.prepared, report.reused, report.samples) == (5, 0, 5)
    assert report.counts() == {"no_row": 1}
    assert report.counts(left_out=False) == {"one_clip_subject": 1}
    assert [f.name for f in report.findings] == ["03/EP02_01", "03"]
    index = read_index(given.out)
    assert index.complete
    assert [(c.video, c.subject, index.labels[c.label]) for c in index.clips] == [
        ("01_EP01_01", "01", "happiness"),
        ("01_EP02_01", "01", "disgust"),
        ("02_EP01_01", "02", "repression"),
        ("02_EP02_01", "02", "surprise"),
        ("03_EP01_01", "03", "others"),
    ]
    assert all(c.frames == c.offset - c.onset + 1 >= 8 for c in index.clips)
    written = json.loads((given.out / "report.json").read_text())
    assert written == report.as_dict()


def test_the_same_again_reuses_every_clip_and_other_classes_do_too(prepared):
    given, _ = prepared
    before = {p.name: p.stat().st_mtime_ns for p in (given.out / "clips").iterdir()}
    again = prepare(replace(given, classes=3), progress=False)
    assert (again.prepared, again.reused) == (4, 4)
    assert again.counts() == {"no_row": 1, "label_outside": 1}
    assert read_index(given.out).labels == ("negative", "positive", "surprise")
    report = prepare(given, progress=False)
    assert (report.prepared, report.reused) == (5, 5)
    after = {p.name: p.stat().st_mtime_ns for p in (given.out / "clips").iterdir()}
    assert after == before


def test_everything_left_out_is_counted_by_name(folder):
    folder.clip("disgust/01_EP01_01", numbers(1, 8))
    folder.clip("happiness/01_EP01_01", numbers(1, 8))
    folder.clip("disgust/01_EP02_01", numbers(1, 7))
    folder.clip("disgust/02_EP02_01", numbers(1, 0))
    folder.clip("sadness/02_EP01_01", numbers(1, 8))
    folder.clip("stuff/x", numbers(1, 8))
    report = Report("casme2", "official")
    clips = find_clips(options(folder), report)
    assert [clip.video for clip in clips] == ["01_EP01_01"]
    assert {(f.reason, f.name) for f in report.findings} == {
        ("duplicate", "01_EP01_01"),
        ("too_few_frames", "01_EP02_01"),
        ("too_few_frames", "02_EP02_01"),
        ("label_outside", "02_EP01_01"),
        ("wrong_layout", "stuff"),
    }


def test_when_no_clip_is_left_the_report_says_why(folder):
    clip = folder.clip("disgust/01_EP01_01", numbers(1, 8))
    (clip / "img3.jpg").write_bytes(b"")
    given = options(folder)
    with pytest.raises(InputError, match="report.txt says why"):
        prepare(given, progress=False)
    text = (given.out / "report.txt").read_text()
    assert "01_EP01_01: img3.jpg: 0 bytes that are no picture" in text
    assert not read_index(given.out).complete


def test_a_missing_sheet_is_in_the_written_report(folder):
    folder.clip("sub01/EP01_01", numbers(1, 8))
    given = options(folder, layout="original")
    arguments = ["--set=casme2", "--layout=original", f"--root={given.root}", "--classes=5",
                 f"--landmarks={given.landmarks}", f"--out={given.out}"]  # fmt: skip
    with pytest.raises(InputError, match="needs one .xlsx or .csv coding sheet"):
        main(["prepare", *arguments])
    assert json.loads((given.out / "report.json").read_text())["left_out"] == {"no_sheet": 1}


def test_a_root_that_is_no_folder_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match="must be a folder: check --root"):
        prepare(options(folder, root=tmp_path / "none"), progress=False)


def test_a_missing_package_is_named_with_its_install_command(folder, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "skimage" else find(name, *a)
    )
    with pytest.raises(MissingExtraError, match=r'scikit-image.*pip install "mol-edge\[train\]"'):
        prepare(options(folder), progress=False)


def test_a_cache_of_another_set_is_not_written_over(prepared, folder):
    given, _ = prepared
    with pytest.raises(OptionError, match="holds casme2, got samm"):
        prepare(options(folder, dataset="samm", out=given.out), progress=False)
    assert len(read_index(given.out).clips) == 5


def test_killed_half_way_it_goes_on_to_the_same_cache(prepared, tmp_path):
    given, _ = prepared
    out = tmp_path / "cache"
    command = [sys.executable, "-m", "training.data", "prepare", "--set=casme2", "--jobs=2",
               "--layout=original", f"--root={given.root}", f"--landmarks={given.landmarks}",
               "--classes=5", f"--out={out}", "--protocol=event"]  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )
        try:
            done = out / "clips"
            deadline = time.monotonic() + 120
            while not list(done.glob("*.npz")) and time.monotonic() < deadline:
                assert process.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.02)
            process.kill()
            process.wait()
            # The workers end by themselves once their parent is gone.
            while _alive(process.pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert not _alive(process.pid)
        finally:
            if _alive(process.pid):
                os.killpg(process.pid, signal.SIGKILL)
    left = len(list(done.glob("*.npz")))
    assert 1 <= left < 5
    assert not read_index(out).complete
    report = prepare(replace(given, out=out), progress=False)
    assert (report.prepared, report.reused) == (5, left)
    assert read_index(out) == read_index(given.out)
    assert sorted(p.suffix for p in done.iterdir()) == [".npz"] * 5
    for file in done.iterdir():
        with np.load(file) as one, np.load(given.out / "clips" / file.name) as other:
            assert sorted(one) == sorted(other)
            assert all((one[name] == other[name]).all() for name in one)


def _alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
