import json

from mol_edge.errors import InputError
from training.data.report import MEANING, LeftOut, Report


def filled():
    report = Report("samm", "original", prepared=7, reused=2, samples=20)
    report.leave_out("label_outside", "006_1_2", "fear is none of anger")
    report.leave_out("too_few_frames", "006_1_3", "5 frames")
    report.leave_out("label_outside", "007_1_2", "sadness is none of anger")
    report.note("one_clip_subject", "008", "only 008_1_1")
    return report


def test_counts_keep_what_was_left_out_apart_from_what_was_noted():
    assert filled().counts() == {"label_outside": 2, "too_few_frames": 1}
    assert filled().counts(left_out=False) == {"one_clip_subject": 1}


def test_both_files_name_every_finding(tmp_path):
    filled().write(tmp_path)
    content = json.loads((tmp_path / "report.json").read_text())
    assert content["left_out"] == {"label_outside": 2, "too_few_frames": 1}
    assert content["noted"] == {"one_clip_subject": 1}
    assert [f["name"] for f in content["findings"]] == ["006_1_2", "006_1_3", "007_1_2", "008"]
    text = (tmp_path / "report.txt").read_text()
    assert text.startswith("samm, original layout: 7 clips prepared (2 of them by an earlier run)")
    assert f"Left out: 2 × {MEANING['label_outside']}" in text
    for name in ("006_1_2: fear", "006_1_3: 5 frames", "007_1_2: sadness", "008: only"):
        assert f"  {name}" in text


def test_what_stops_the_preparation_is_in_the_report_too():
    report = Report("samm", "original")
    error = report.fatal("no_sheet", "root", "There is no sheet.")
    assert isinstance(error, InputError)
    assert str(error) == "There is no sheet."
    assert report.counts() == {"no_sheet": 1}


def test_a_left_out_clip_carries_its_finding():
    finding = LeftOut("no_landmarks", "clip", "why").finding
    assert (finding.reason, finding.name, finding.detail) == ("no_landmarks", "clip", "why")
    assert finding.left_out
