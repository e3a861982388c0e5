"""The MOL network: `Mol` and its configuration `MolConfig`."""

from training.model.config import MolConfig
from training.model.mol import Mol

__all__ = ["Mol", "MolConfig"]
