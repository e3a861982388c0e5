"""What counts as a movement."""

from __future__ import annotations

import numpy as np
import pytest

from mol_edge.errors import OptionError
from mol_edge.event import EventKind
from mol_edge.spot import SpotterOptions


@pytest.mark.parametrize(
    "options", [{"least_px": 0}, {"micro_ms": 50}, {"noise_factor": np.inf}, {"most_ms": 400}]
)
def test_unfit_options_are_refused(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        SpotterOptions(**options)


@pytest.mark.parametrize(
    ("duration_ms", "period_ms", "kind"),
    [(500, 0, "micro"), (520, 0, "macro"), (520, 20, "micro"), (530, 20, "macro")],
)
def test_a_kind_is_told_by_duration_and_a_frame(duration_ms, period_ms, kind):
    assert SpotterOptions().kind_of(duration_ms, period_ms) is EventKind(kind)
