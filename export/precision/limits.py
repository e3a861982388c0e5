"""The most that a precision may lose, by task."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass

from mol_edge.commands.drops import parse_drops
from mol_edge.errors import OptionError


@dataclass(frozen=True)
class Limits:
    """The most that may be lost against float32, in shares of 1.

    Attributes:
        classes: share of clips with another class; also the fall of UF1 and UAR.
        flow: rise of the endpoint error where the face moves, of its value in float32.
        landmarks: rise of the landmarks' mean error, of its value in float32.

    Raises:
        OptionError: a limit is negative or not finite, or more than all clips.
    """

    classes: float = 0.02
    flow: float = 0.05
    landmarks: float = 0.03

    def __post_init__(self) -> None:
        for task, value in asdict(self).items():
            most = 1.0 if task == "classes" else sys.float_info.max
            if not 0 <= value <= most:
                raise OptionError(
                    f"The share that may be lost in {task} must be 0 or more"
                    f"{' and at most 1' if task == 'classes' else ''}, got {value}."
                )

    @classmethod
    def parse(cls, text: str) -> Limits:
        """Read ``classes=2,flow=5,landmarks=3``, in percent; what is not named keeps its default.

        Example:
            >>> Limits.parse("flow=7.5").flow
            0.075
        """
        known = asdict(cls())
        try:
            given = parse_drops(text, known)
        except ValueError as error:
            raise OptionError(f"--max-drop {error}.") from None
        return cls(**{**known, **{task: value / 100 for task, value in given.items()}})

    def of_float32(self) -> Limits:
        """What float32 itself may lose on a runtime: never less than by default.

        It is what the others are measured against, and differs from PyTorch by rounding.
        """
        usual = asdict(Limits())
        return Limits(**{task: max(value, usual[task]) for task, value in asdict(self).items()})
