"""What TensorRT 10.3 can parse: operators with their element types.

NVIDIA publishes a list for each version (docs/operators.md of onnx/onnx-tensorrt). An operator
stands here if the lists of versions 8.5 and 10.15 both have it, or the parser's changelog says that
a version up to 10.3 added it; a type if both lists have it for that operator. int64 counts where
8.5 computed int32 in its place: the changelog says that it became a type of its own with 9.0.
"""

from __future__ import annotations

from collections.abc import Mapping

VERSION = "10.3"
OPSETS = range(9, 18)
"""Opsets that the lists of 8.5 (up to 17) and of 10.15 (from 9) both state."""

MOST_DIMENSIONS = 8
MOST_TOP_K = 3840

_FLOATS = frozenset({"float32", "float16"})
_NUMBERS = _FLOATS | {"int32", "int64"}
_ANY = _NUMBERS | {"bool"}

_OF_FLOATS = """
    Acos Acosh Asin Asinh Atan Atanh AveragePool BatchNormalization Ceil Celu Clip Conv
    ConvTranspose Cos Cosh CumSum Dropout Einsum Elu Erf Exp Floor GRU Gemm GlobalAveragePool
    GlobalLpPool GlobalMaxPool GridSample GroupNormalization HardSigmoid HardSwish Hardmax
    InstanceNormalization IsInf LRN LSTM LayerNormalization LeakyRelu Log LogSoftmax
    LpNormalization LpPool MatMul MaxPool
    MeanVarianceNormalization NonMaxSuppression NonZero PRelu Pow QuantizeLinear RNN Reciprocal
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare Relu Resize RoiAlign Round Scan Selu Sigmoid Sin Sinh Softmax Softplus
    Softsign Sqrt Tan Tanh ThresholdedRelu TopK Upsample
"""
_OF_NUMBERS = """
    Abs Add ArgMax ArgMin DepthToSpace Div Equal Greater GreaterOrEqual IsNaN Less LessOrEqual Max
    Mean Min Mod Mul Neg Pad Range Scatter ScatterElements ScatterND Shrink Sign SpaceToDepth
    Sub Sum
"""
_OF_ANY = """
    Cast Concat Constant Expand EyeLike Flatten Gather GatherElements GatherND Identity If Loop
    OneHot Reshape ReverseSequence Shape Size Slice Split Squeeze Tile Transpose Trilu Unsqueeze
    Where
"""
_OF_BOOLEANS = "And Not Or Xor"

OPERATORS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(_OF_FLOATS.split(), _FLOATS),
    **dict.fromkeys(_OF_NUMBERS.split(), _NUMBERS),
    **dict.fromkeys(_OF_ANY.split(), _ANY),
    **dict.fromkeys(_OF_BOOLEANS.split(), frozenset({"bool"})),
    "ConstantOfShape": frozenset({"float32"}),
    "DequantizeLinear": frozenset({"int8"}),
}
"""Operator to the types that its data may have."""

INDICES: Mapping[str, frozenset[int]] = {
    "Expand": frozenset({1}),
    "Gather": frozenset({1}),
    "GatherElements": frozenset({1}),
    "GatherND": frozenset({1}),
    "Pad": frozenset({1, 3}),
    "Reshape": frozenset({1}),
    "Slice": frozenset({1, 2, 3, 4}),
    "Split": frozenset({1}),
    "Squeeze": frozenset({1}),
    "Tile": frozenset({1}),
    "TopK": frozenset({1}),
    "Unsqueeze": frozenset({1}),
    **dict.fromkeys(("ReduceSum", "ReduceMax", "ReduceMean", "ReduceL2"), frozenset({1})),
    "DequantizeLinear": frozenset({1, 2}),
    "QuantizeLinear": frozenset({1, 2}),
}
"""Operator to those inputs that are places, sizes or scales and not data."""

CONSTANTS: Mapping[str, frozenset[int]] = {
    "CumSum": frozenset({1}),
    "DequantizeLinear": frozenset({1, 2}),
    "OneHot": frozenset({1}),
    "Pad": frozenset({1, 3}),
    "QuantizeLinear": frozenset({1, 2}),
    "Reshape": frozenset({1}),
    "Slice": frozenset({1, 2, 3, 4}),
    "Split": frozenset({1}),
    "Squeeze": frozenset({1}),
    "TopK": frozenset({1}),
    "Unsqueeze": frozenset({1}),
    **dict.fromkeys(("ReduceSum", "ReduceMax", "ReduceMean", "ReduceL2"), frozenset({1})),
}
"""Operator to those inputs that must be stored in the graph.

TensorRT could compute some of them, but then shapes would depend on data.
"""

ATTRIBUTES: Mapping[str, Mapping[str, tuple[object, ...]]] = {
    "AveragePool": {"auto_pad": (b"NOTSET",), "dilations": ("ones",)},
    "Constant": dict.fromkeys(("sparse_value", "value_string", "value_strings"), ()),
    "Conv": {"auto_pad": (b"NOTSET",)},
    "ConvTranspose": {"auto_pad": (b"NOTSET",), "dilations": ("ones",), "output_shape": ()},
    "DepthToSpace": {"mode": (b"CRD", b"DCR")},
    "LpPool": {"dilations": ("ones",)},
    "LSTM": {"input_forget": (0,), "layout": (0,)},
    "MaxPool": {"auto_pad": (b"NOTSET",), "dilations": ("ones",), "storage_order": (0,)},
    "Pad": {"mode": (b"constant", b"reflect", b"edge", b"wrap")},
    "Reshape": {"allowzero": (0,)},
    "Resize": {
        "antialias": (0,),
        "coordinate_transformation_mode": (
            b"half_pixel",
            b"pytorch_half_pixel",
            b"tf_half_pixel_for_nn",
            b"asymmetric",
            b"align_corners",
        ),
        "keep_aspect_ratio_policy": (b"stretch",),
        "mode": (b"nearest", b"linear"),
    },
    "ScatterND": {"reduction": (b"none",)},
}
"""Operator to its restricted attributes, with the values allowed; without any, the attribute may
not be there, and ``ones`` is a list of ones."""

SPATIAL: Mapping[str, tuple[int, int]] = {
    "AveragePool": (4, 5),
    "Conv": (4, 5),
    "ConvTranspose": (4, 5),
    "LpPool": (4, 5),
    "MaxPool": (4, 5),
}
"""Operator to the ranks of its data: pictures and volumes alone."""
