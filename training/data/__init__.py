"""Licensed datasets: CASME II, SAMM and SMIC read, aligned and kept in a cache for training.

`python -m training.data prepare` fills the cache, `PreparedDataset` reads it.
"""

from training.data.options import PrepareOptions
from training.data.prepare import prepare
from training.data.prepared import PreparedDataset
from training.data.report import Report

__all__ = ["PrepareOptions", "PreparedDataset", "Report", "prepare"]
