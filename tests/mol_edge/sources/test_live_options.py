import pytest

from mol_edge.errors import OptionError
from mol_edge.sources.live_options import LiveOptions


@pytest.mark.parametrize(
    "options",
    [
        {"stall_s": 0},
        {"hang_s": float("nan")},
        {"hang_s": 0.5},
        {"open_s": -1},
        {"backoff_s": 31},
        {"backoff_most_s": 0.1},
        {"black_level": 256},
        {"max_reconnects": -1},
        {"waiting": 0},
        {"guard": "hope"},
    ],
)
def test_bad_options_are_refused(options):
    with pytest.raises(OptionError, match="must"):
        LiveOptions(**options)


def test_no_limit_of_reconnects_is_an_option():
    assert LiveOptions(max_reconnects=None).max_reconnects is None
