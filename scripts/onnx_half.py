"""Store an ONNX file's weights as float16: half the bytes, the same float32 arithmetic. Used by the scripts that make weights."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def halve(model: onnx.ModelProto) -> None:
    """Store weights as float16 and cast them back on load (onnxruntime folds the casts): half the bytes, float32 arithmetic."""
    graph, casts = model.graph, []
    for constant in list(graph.initializer):
        if constant.data_type != TensorProto.FLOAT or numpy_helper.to_array(constant).size < 64:
            continue
        half = numpy_helper.from_array(numpy_helper.to_array(constant).astype(np.float16), constant.name + "_half")
        casts.append(helper.make_node("Cast", [half.name], [constant.name], name=constant.name + "_cast", to=TensorProto.FLOAT))
        graph.initializer.remove(constant)
        graph.initializer.append(half)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend(casts + nodes)
