import numpy as np
import pytest

from mol_edge.errors import OptionError
from training.synthetic import labels
from training.synthetic.labels import (
    AU_TABLE,
    CLASS_SETS,
    EMOTIONS,
    PRIOR,
    bayes_accuracy,
    bayes_uf1,
    posterior,
    sample_units,
    to_casme5,
    to_class3,
    to_samm5,
)


def test_every_emotion_has_a_class_in_both_sets_of_five() -> None:
    casme = {e: labels.CASME5[to_casme5(e)] for e in EMOTIONS}
    samm = {e: labels.SAMM5[to_samm5(e)] for e in EMOTIONS}
    assert casme["repression"] == "repression"
    assert casme["anger"] == casme["sadness"] == casme["contempt"] == casme["others"] == "others"
    assert samm["contempt"] == "contempt"
    assert samm["disgust"] == samm["repression"] == samm["others"] == "others"
    assert set(casme.values()) == set(labels.CASME5)
    assert set(samm.values()) == set(labels.SAMM5)


def test_three_classes_leave_others_out() -> None:
    assert to_class3("others") is None
    assert to_class3("none") is to_casme5("none") is to_samm5("none") is None
    assert [to_class3(e) for e in ("disgust", "happiness", "surprise")] == [0, 1, 2]


def test_table_and_prior_are_probabilities() -> None:
    assert sum(PRIOR.values()) == pytest.approx(1.0)
    assert set(PRIOR) == set(EMOTIONS)
    assert all(0 < p <= 1 for row in AU_TABLE.values() for p in row.values())
    assert {u for row in AU_TABLE.values() for u in row} <= set(labels.ACTION_UNITS)


def test_drawn_units_follow_the_table() -> None:
    rng = np.random.default_rng(0)
    drawn = [sample_units("happiness", rng) for _ in range(2000)]
    assert all(12 in units for units in drawn)
    assert np.mean([6 in units for units in drawn]) == pytest.approx(0.6, abs=0.04)
    assert set().union(*drawn) == {6, 12, 25}


def test_others_never_look_like_another_emotion() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        units = set(sample_units("others", rng))
        assert len(units) >= 2
        assert not any(units <= row.keys() for row in AU_TABLE.values())


def test_posterior_knows_certain_and_uncertain_cases() -> None:
    assert posterior((14,))[EMOTIONS.index("contempt")] == pytest.approx(1.0)
    both = posterior((17,))
    # 17 alone: repression without 15, against disgust with neither 9 nor 10.
    repression, disgust = both[EMOTIONS.index("repression")], both[EMOTIONS.index("disgust")]
    expected_r = 0.2 * 0.85 * 0.3 / (1 - 0.15 * 0.3)
    expected_d = 0.2 * 0.4 * 0.35 * 0.75 * 0.25 / (1 - 0.4 * 0.35 * 0.75 * 0.75)
    assert repression / disgust == pytest.approx(expected_r / expected_d)


@pytest.mark.parametrize("class_set", list(CLASS_SETS))
def test_ceiling_is_below_one_and_high(class_set: labels.ClassSet) -> None:
    assert 0.95 < bayes_uf1(class_set, samples=4000) < 1.0
    assert 0.95 < bayes_accuracy(class_set, samples=4000) < 1.0


def test_unknown_emotion_is_named() -> None:
    with pytest.raises(OptionError, match="'joy'"):
        sample_units("joy", np.random.default_rng(0))
