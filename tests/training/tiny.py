"""The smallest run that is one: moving textures, a narrow network, one thread."""

from typing import Any

import torch

from training.config import FitConfig, config_from

torch.set_num_threads(1)


def tiny_config(**tables: Any) -> FitConfig:
    """A configuration of a few cheap steps; `tables` replace what is here."""
    values: dict[str, Any] = {
        "name": "tiny",
        "model": {
            "preset": "lite",
            "flow_width": 0.05,
            "landmark_channels": 2,
            "landmark_hidden": 8,
            "neighbours": 2,
        },
        "data": {"kind": "texture", "train": 12, "validation": 4},
        "run": {
            "threads": 1,
            "device": "cpu",
            "init": "default",
            "log_every": 2,
            "validate_every": 4,
        },
        "phase": [{"steps": 4, "batch": 2, "flow_pairs": 1}],
    }
    values["run"] |= {"save_every": 2} | tables.pop("run", {})
    return config_from({**values, **tables})
