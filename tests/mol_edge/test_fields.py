"""What is told of a field that a manifest does not have."""

import pytest

from mol_edge._fields import UnknownFieldError, build
from mol_edge.manifest_parts import Normalisation


@pytest.mark.parametrize("place", ["normalisation", ""])
def test_an_unknown_field_is_named_with_those_that_are_known(place):
    value = {"mean": 128.0, "scale": 64.0, "colour": 3}
    with pytest.raises(UnknownFieldError) as caught:
        build(Normalisation, value, place)
    assert str(caught.value) == (
        f"The manifest's field {place}{'.' if place else ''}colour is unknown (known there are "
        "mean, scale): take it out, or update mol-edge if a newer one wrote the bundle."
    )
