"""The one exception family of the SDK: everything it raises on purpose is a `MolEdgeError`.

Each message is one sentence that says what was expected, what came and what to do.
"""


class MolEdgeError(Exception):
    """Base of every error that mol_edge raises on purpose."""


class OptionError(MolEdgeError, ValueError):
    """An option has a value outside what its documentation allows."""


class ArrayError(MolEdgeError, ValueError):
    """An array has another dtype, shape or memory layout than the function takes."""


class InputError(MolEdgeError):
    """A source cannot be read, or holds too little to work on."""


class NoFaceError(InputError):
    """No face was found where one is needed."""


class FramesGoneError(InputError):
    """Frames of a stream are asked for that are not kept: too old, or before a break."""


class OutputError(MolEdgeError):
    """A result cannot be written to where it should go."""


class BundleError(MolEdgeError):
    """A bundle is damaged, incomplete, or not a bundle at all."""


class DeviceError(MolEdgeError):
    """A runtime or device was asked for that does not work here."""


class DeviceMemoryError(DeviceError):
    """A GPU has no memory left, also after what could be freed was."""


class MissingExtraError(DeviceError):
    """A package is needed and not installed; `extra` is that of mol-edge which brings it, or ""."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        wanted = f'"mol-edge[{extra}]"' if extra else package
        super().__init__(
            f"{purpose} needs the package {package}, which is not installed: "
            f"run `pip install {wanted}`."
        )
        self.package = package
        self.extra = extra


class BusyError(MolEdgeError):
    """An object that serves one caller at a time is in use."""


class DownloadError(MolEdgeError):
    """A model file could not be fetched, or what came is not the file that was expected."""


def in_words(error: BaseException) -> str:
    """What is said of an error within a sentence: its own words, before others' its type.

    Example:
        >>> in_words(OptionError("fps must lie above 0.")), in_words(OSError("unplugged"))
        ('fps must lie above 0.', 'OSError: unplugged')
    """
    own = isinstance(error, MolEdgeError)
    return str(error) if own else f"{type(error).__name__}: {error}"
