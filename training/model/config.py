"""What may vary in a MOL network; the defaults are the published one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from mol_edge.errors import OptionError

FRAMES = 8
PAIRS = FRAMES - 1
CROP = 128
MAP = 16
POSITIONS = MAP * MAP
CHANNELS = 128
POINTS = 68
# The network's parts, as its checkpoints name them.
PARTS = (
    "conv_stack",
    "FCC_1",
    "FCC_2",
    "CCC_1",
    "CCC_2",
    "flownet",
    "mer_3dcnn",
    "ldm_predictor",
)

Graph = Literal["positions", "channels"]


@dataclass(frozen=True)
class MolConfig:
    """Shape of a network.

    Attributes:
        classes: number of micro-expression classes.
        neighbours: k of the k-nearest-neighbour graph, the node itself included.
        graph: nodes of that graph: ``positions`` of the 16x16 map, as in the official code, or
            ``channels``, as in the paper (Section 3.2), followed by a 1x1 convolution.
        flow_width: factor on the channels of the flow head.
        landmark_channels: channels of the landmark head's convolution.
        landmark_hidden: units of its hidden layer.

    Raises:
        OptionError: a value that no network can be built from.

    Example:
        >>> MolConfig(classes=3).neighbours
        4
    """

    classes: int = 5
    neighbours: int = 4
    graph: Graph = "positions"
    flow_width: float = 1.0
    landmark_channels: int = 32
    landmark_hidden: int = 512

    def __post_init__(self) -> None:
        nodes = POSITIONS if self.graph == "positions" else CHANNELS
        if self.graph not in get_args(Graph):
            raise OptionError(
                f"graph must be one of {', '.join(get_args(Graph))}, got {self.graph!r}."
            )
        for name, low, high in (
            ("classes", 2, 1000),
            ("neighbours", 1, nodes),
            ("landmark_channels", 1, 1024),
            ("landmark_hidden", 1, 8192),
        ):
            value = getattr(self, name)
            if not isinstance(value, int) or not low <= value <= high:
                raise OptionError(
                    f"{name} must be a whole number of {low} to {high}, got {value!r}."
                )
        if not 0.05 <= self.flow_width <= 4:
            raise OptionError(f"flow_width must be within 0.05 to 4, got {self.flow_width!r}.")

    @classmethod
    def lite(cls, classes: int = 5, **changes: Any) -> MolConfig:
        """A network of about 2 M parameters: narrow flow head, small landmark head."""
        return cls(
            **{
                "classes": classes,
                "flow_width": 0.125,
                "landmark_channels": 16,
                "landmark_hidden": 192,
                **changes,
            }
        )

    def flow_channels(self, full: int) -> int:
        """Channels of a flow-head layer that has `full` of them at width 1 (a multiple of 8)."""
        return max(8, int(full * self.flow_width / 8 + 0.5) * 8)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, as a checkpoint and a manifest keep them."""
        return asdict(self)
