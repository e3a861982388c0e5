"""Files of a bundle that cannot be opened."""

import os

import pytest

from mol_edge.bundle import MANIFEST, Bundle
from mol_edge.errors import BundleError


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told_to_be_so(toy_copy):
    (toy_copy / MANIFEST).chmod(0)
    with pytest.raises(BundleError, match=r"\(Permission denied\): check its permissions\.$"):
        Bundle.open(toy_copy)
