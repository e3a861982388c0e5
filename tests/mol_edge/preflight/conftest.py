"""A camera without a fault, watched once."""

import pytest


@pytest.fixture(scope="session")
def good():
    """The report on it."""
    from tests.mol_edge.preflight.still_faces import judged

    return judged()
