"""What counts as a movement."""

from __future__ import annotations

import numpy as np
import pytest

from mol_edge.errors import OptionError
from mol_edge.spot import SpotterOptions


@pytest.mark.parametrize(
    "options", [{"least_px": 0}, {"micro_ms": 50}, {"noise_factor": np.inf}, {"most_ms": 400}]
)
def test_unfit_options_are_refused(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        SpotterOptions(**options)
