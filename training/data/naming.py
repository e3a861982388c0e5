"""How each set names its subjects, clips and frames."""

from __future__ import annotations

import re
from dataclasses import dataclass

from training.data.options import SetName

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})


@dataclass(frozen=True)
class Naming:
    """Patterns of one set's names.

    Attributes:
        clip: a clip folder of the official layout; group 1 is the subject's number.
        subject: a subject folder of the original layout; group 1 is its number.
        frame: a frame's name without suffix; group 1 is its number.
        id_format: how a subject's number is written.
        example: a frame's path in the official layout, for messages.
    """

    clip: re.Pattern[str]
    subject: re.Pattern[str]
    frame: re.Pattern[str]
    id_format: str
    example: str

    def subject_id(self, number: int | str) -> str:
        """The subject's name: 01 in CASME II, 006 in SAMM, s1 in SMIC."""
        return self.id_format.format(int(number))

    def frame_number(self, stem: str) -> int | None:
        """The number in a frame's name, None where the name is not a frame's."""
        match = self.frame.fullmatch(stem)
        return int(match[1]) if match else None


def _naming(clip: str, subject: str, frame: str, id_format: str, example: str) -> Naming:
    flags = re.IGNORECASE
    return Naming(
        re.compile(clip, flags),
        re.compile(subject, flags),
        re.compile(frame, flags),
        id_format,
        example,
    )


# "reg_" begins the names in the cropped versions of CASME II and SMIC.
NAMINGS: dict[SetName, Naming] = {
    "casme2": _naming(
        r"(\d+)_(EP\w+)", r"(?:sub)?(\d+)", r"(?:reg_)?img(\d+)", "{:02d}",
        "disgust/01_EP19_05f/img1.jpg",
    ),
    "samm": _naming(
        r"(\d+)_\d+_\d+", r"(\d+)", r"(?:\d+_)?(\d+)", "{:03d}", "anger/006_1_2/006_05562.jpg"
    ),
    "smic": _naming(
        r"s(\d+)_(ne|po|sur)_\d+", r"s(\d+)", r"(?:reg_)?image(\d+)", "s{:d}",
        "surprise/s9_sur_03/image090823.jpg",
    ),
}  # fmt: skip
SMIC_EMOTIONS = {"ne": "negative", "po": "positive", "sur": "surprise"}
