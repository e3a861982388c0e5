"""Judging the graphs of a precision on every runtime, against PyTorch in float32."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from export.intermediate import to_openvino
from export.precision import count
from export.precision.build import Form, Models
from export.precision.clips import Clips
from export.precision.gate import Judgement, Limits, Verdict, drops
from export.precision.measure import Figures, Outputs, differences, figures, outputs_of
from export.precision.quantize import AARCH64, TENSORRT
from export.precision.trial import ModelsBackend
from mol_edge.backends import BackendOptions, open_backend
from mol_edge.bundle import Bundle
from mol_edge.errors import DeviceError
from mol_edge.manifest import Normalisation


@dataclass(frozen=True)
class Bench:
    """What precisions are judged with.

    Attributes:
        clips: with their truth.
        constants: of the normalisation.
        reference: what PyTorch gives in float32.
        limits: the most that may be lost.
        enforced: whether the weights have anything to lose.
        threads: of one inference.
    """

    clips: Clips
    constants: Normalisation
    reference: Outputs
    limits: Limits
    enforced: bool = True
    threads: int = 1

    @property
    def float32(self) -> Figures:
        """Accuracy of the reference."""
        return figures(self.reference, self.reference, self.clips)

    def judge(
        self,
        precision: str,
        forms: Mapping[str, Form],
        bundle: Bundle | None = None,
    ) -> Judgement:
        """Judge the graphs of a precision, each form on the runtime that takes it.

        Graphs for TensorRT run in ONNX Runtime here, which computes what Q/DQ say in float.

        Args:
            precision: its name.
            forms: graphs by form.
            bundle: one whose own form for OpenVINO is judged too.
        """
        found: list[tuple[str, Outputs, int | None, int]] = []
        without: dict[str, str] = {}
        for name, form in forms.items():
            runtime = "openvino" if name == "openvino" else "onnxruntime"
            integers = _integer_layers(name, form.models) if form.layers else None
            backend = ModelsBackend(form.models, runtime, self.threads)
            came = outputs_of(backend, self.clips, self.constants)
            found.append((_device(name), came, integers, form.layers))
            if name == "onnx" and form.layers:
                try:
                    found.append(self._by_core(form.models))
                except DeviceError as error:
                    without[_device("native")] = str(error)
        if bundle is not None and bundle.has("features", precision, "openvino"):
            options = BackendOptions(threads=self.threads, precision=precision)
            with open_backend(bundle, "openvino", options) as opened:
                came = outputs_of(opened, self.clips, self.constants)
            found.append((_device("openvino"), came, None, 0))
        verdicts = tuple(
            self._verdict(precision, label, came, integers, layers)
            for label, came, integers, layers in found
        )
        facts = {
            "clips": self.clips.source,
            "float32": self.float32.to_json(),
            "parity with PyTorch": {
                label: differences(came, self.reference) for label, came, *_ in found
            },
            "layers": {name: form.layers for name, form in forms.items()},
            "left_out": without,
        }
        return Judgement(precision, verdicts, self.enforced, facts)

    def _by_core(self, models: Models) -> tuple[str, Outputs, int | None, int]:
        """What the C++ core makes of graphs in eight bits.

        Raises:
            DeviceError: it does not compute them.
        """
        asked, made = count.in_core(models)
        backend = ModelsBackend(models, "native", self.threads)
        came = outputs_of(backend, self.clips, self.constants)
        return _device("native"), came, made if asked else None, asked

    def _verdict(
        self, precision: str, device: str, came: Outputs, integers: int | None, layers: int
    ) -> Verdict:
        found = figures(came, self.reference, self.clips)
        lost = tuple(drops(self.float32, found, self.limits))
        return Verdict(precision, device, found, lost, integers, layers or None)


def _device(form: str) -> str:
    """The runtime that a form is judged on, and the form where it is not the runtime's own."""
    own = {"onnx": "onnxruntime:cpu", "openvino": "openvino:CPU", "native": "native:cpu"}
    return own.get(form, f"onnxruntime:cpu ({form})")


def _integer_layers(form: str, models: Models) -> int:
    if form == "openvino":
        return sum(count.in_openvino(*to_openvino(model)) for model in models.values())
    if form == TENSORRT.form:
        return sum(count.signed_layers(model) for model in models.values())
    signed = form == AARCH64.form
    return sum(count.in_onnxruntime(model, signed) for model in models.values())
