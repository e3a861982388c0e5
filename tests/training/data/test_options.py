from pathlib import Path

import pytest

from mol_edge.errors import OptionError
from training.data import PrepareOptions

GOOD = {
    "dataset": "casme2",
    "layout": "official",
    "root": Path("root"),
    "landmarks": "csv:points.csv",
    "classes": 5,
    "out": Path("cache"),
}


def test_good_options_have_the_documented_defaults():
    options = PrepareOptions(**GOOD)
    assert (options.alignment, options.protocol, options.sheet) == ("anchored", "both", None)
    assert options.jobs >= 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dataset": "ck"}, "dataset must be one of casme2, samm, smic, got 'ck'"),
        ({"layout": "flat"}, "layout must be one of official, original"),
        ({"alignment": "none"}, "alignment must be one of anchored, per_frame"),
        ({"protocol": "all"}, "protocol must be one of official, event, both"),
        ({"classes": 7}, "classes must be 3 or 5, got 7"),
        ({"dataset": "smic"}, "SMIC is labelled with 3 classes only"),
        ({"jobs": 0}, "jobs must be 1 or more"),
        ({"landmarks": "points.csv"}, "must be dlib:FILE or csv:FILE"),
        ({"landmarks": "dlib:"}, "must be dlib:FILE or csv:FILE"),
    ],
)
def test_bad_options_are_refused_by_name(change, words):
    with pytest.raises(OptionError, match=words):
        PrepareOptions(**{**GOOD, **change})
