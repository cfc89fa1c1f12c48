"""Static quantisation of an ONNX file to int8: weights by output channel, activations by what calibration pictures show. Needs onnxruntime and onnx."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

BATCH = 16


class Pictures(CalibrationDataReader):
    def __init__(self, name: str, values: np.ndarray) -> None:
        self.batches: Iterator[dict[str, np.ndarray]] = ({name: values[i : i + BATCH]} for i in range(0, len(values), BATCH))

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.batches, None)


def quantise(source: Path, out: Path, values: np.ndarray, *, leave: Sequence[str] = ()) -> None:
    """Convolutions alone: what follows them is small, and its fine steps are the answer. `values`: (n, channels, rows, columns) float32 as the
    network is fed; `leave`: names of nodes, or beginnings of them, that stay float32."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        graph = onnx.load(ready).graph
        name = graph.input[0].name
        quantize_static(
            str(ready),
            str(out),
            Pictures(name, values),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=["Conv", "Relu"],
            nodes_to_exclude=[n.name for n in graph.node if n.name.startswith(tuple(leave))],
        )
