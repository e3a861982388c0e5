"""Drawing rounds from reports, and the rates that are printed."""

import pytest

from benchmarks.compare_noise import between, called_slower, main, pooled, rounds_of
from mol_edge.benchmark.evidence import Key
from mol_edge.errors import InputError
from tests.mol_edge.benchmark.reports import made_report

CLIP, STREAM = (Key("onnxruntime:cpu", "fp32", mode, "camera") for mode in ("clip", "stream"))


def rounds(first, count=4):
    """Rounds whose two results both hold the round's own number."""
    numbers = [float(first + at) for at in range(count)]
    return rounds_of({CLIP: numbers, STREAM: [100 + number for number in numbers]})


def test_rounds_hold_every_result_that_they_have():
    assert rounds_of({CLIP: [1.0, 2.0], STREAM: [None]}) == [{CLIP: 1.0, STREAM: None}, {CLIP: 2.0}]
    assert rounds_of({}) == []


def test_pooled_draws_whole_rounds_of_every_report_and_the_same_again():
    reports = [rounds(0), rounds(10)]
    pairs = list(pooled(reports, 50))
    assert pairs == list(pooled(reports, 50)) and len(pairs) == 50
    drawn = [one for pair in pairs for side in pair for one in side]
    assert len(drawn) == 50 * 2 * 4
    assert all(one[STREAM] == one[CLIP] + 100 for one in drawn)
    assert {one[CLIP] for one in drawn} == {0, 1, 2, 3, 10, 11, 12, 13}
    assert any(len({one[CLIP] >= 10 for one in side}) == 2 for pair in pairs for side in pair)


def test_between_draws_each_side_from_another_report():
    for before, after in between([rounds(0), rounds(10), rounds(20)], 50):
        sources = [{one[CLIP] // 10 for one in side} for side in (before, after)]
        assert [len(source) for source in sources] == [1, 1] and sources[0] != sources[1]


def test_a_planted_slowdown_is_called():
    report = rounds_of({CLIP: [0.0, 0.01, 0.02, 0.01], STREAM: [1.0, 1.01, 1.0, 1.02]})
    assert called_slower((report, report), 1.0) == []
    assert called_slower((report, report), 1.1) == [(CLIP,), (STREAM,), (CLIP, STREAM)]


def test_rates_and_real_pairs_are_printed(toy, tmp_path, capsys):
    paths = []
    for seed in (1, 2):
        paths.append(str(tmp_path / f"{seed}.json"))
        made_report(toy, seed, modes=("stream", "clip")).write(tmp_path / f"{seed}.json")
    main([*paths, "--pairs", "20"])
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 4
    assert said[0].startswith(f"{paths[0]} and {paths[1]}: no slower; the second slowed 1.1 times:")
    assert "SLOWER (" in said[0] and "3 together" in said[1]
    for line, name in zip(said[2:], ("pooled", "between")):
        assert line.startswith(f"{name}, 20 pairs: 0.0% called slower, 100.0% where")
    main([paths[0], "--pairs", "5", "--slower", "1"])
    assert capsys.readouterr().out == (
        "pooled, 5 pairs: 0.0% called slower, 0.0% where the second was slowed 1 times\n"
    )


def test_no_report_is_refused():
    with pytest.raises(SystemExit):
        main([])


def test_a_quick_report_is_refused(toy, tmp_path):
    path = tmp_path / "quick.json"
    made_report(toy, 1, modes=("stream",), rounds=1).write(path)
    with pytest.raises(InputError) as caught:
        main([str(path)])
    assert str(caught.value) == (
        f"A report must have 2 rounds or more that nothing disturbed, and {path} has 1: measure on "
        "an idle machine, without --quick."
    )
