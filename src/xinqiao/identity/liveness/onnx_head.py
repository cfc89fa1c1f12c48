"""Read what a network knows just before it answers, and correct its answer: an ONNX file changed without the onnx package.

Messages and field numbers follow onnx.proto (ONNX IR; stable since version 3); only those that are touched are declared, and protobuf keeps the
rest of the file as it is. The layer before the answer is found by walking back from the output, whatever its names are and whether
the file is in floating point or quantised, so that a newly trained network needs no change here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FLOAT, INT64 = 1, 7
FEATURES, SHIPPED = "own_features", "own_shipped_answer"
LINEAR = {"Gemm", "MatMul", "QGemm", "QLinearMatMul", "MatMulInteger", "Conv", "QLinearConv", "ConvInteger", "DynamicQuantizeMatMul", "MatMulIntegerToFloat"}  # fmt: skip
QUANTISED = {"QGemm", "QLinearMatMul", "QLinearConv"}
"""Layers whose first input is a quantised tensor, its scale and its zero point being the next two."""
INTEGER = {"MatMulInteger", "ConvInteger", "MatMulIntegerToFloat"}
"""Layers that are fed by a DynamicQuantizeLinear."""
STEPS = 24

_FIELDS: dict[str, list[tuple[str, int, str, str]]] = {
    "Opset": [("domain", 1, "string", ""), ("version", 2, "int64", "")],
    "Attribute": [("name", 1, "string", ""), ("i", 3, "int64", ""), ("type", 20, "int32", "")],
    "Tensor": [("dims", 1, "int64", "*"), ("data_type", 2, "int32", ""), ("name", 8, "string", ""), ("raw_data", 9, "bytes", "")],
    "Node": [
        ("input", 1, "string", "*"),
        ("output", 2, "string", "*"),
        ("name", 3, "string", ""),
        ("op_type", 4, "string", ""),
        ("attribute", 5, "Attribute", "*"),
        ("domain", 7, "string", ""),
    ],
    "ValueInfo": [("name", 1, "string", "")],
    "Graph": [("node", 1, "Node", "*"), ("initializer", 5, "Tensor", "*"), ("output", 12, "ValueInfo", "*")],
    "Model": [("graph", 7, "Graph", ""), ("opset_import", 8, "Opset", "*")],
}


class HeadNotFound(ValueError):
    """The network does not end in a linear layer that can be corrected."""


@cache
def _model_class() -> Any:
    kinds = descriptor_pb2.FieldDescriptorProto
    plain = {"string": kinds.TYPE_STRING, "int64": kinds.TYPE_INT64, "int32": kinds.TYPE_INT32, "bytes": kinds.TYPE_BYTES}
    file = descriptor_pb2.FileDescriptorProto(name="xinqiao_onnx.proto", package="xinqiao_onnx", syntax="proto2")
    for message, fields in _FIELDS.items():
        made = file.message_type.add(name=message)
        for name, number, kind, many in fields:
            told = made.field.add(name=name, number=number, label=kinds.LABEL_REPEATED if many else kinds.LABEL_OPTIONAL)
            if kind in plain:
                told.type = plain[kind]
            else:
                told.type, told.type_name = kinds.TYPE_MESSAGE, f".xinqiao_onnx.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("xinqiao_onnx.Model"))


def parse(data: bytes) -> Any:
    """Raises HeadNotFound for what is no ONNX model of one output."""
    try:
        model = _model_class().FromString(data)
    except Exception as problem:
        raise HeadNotFound("no ONNX file") from problem
    if len(model.graph.output) != 1 or not model.graph.node:
        raise HeadNotFound("the network has not one output")
    return model


def with_features(data: bytes) -> bytes:
    """The same network with a second output, FEATURES: (n, k), what its last linear layer is fed. Raises HeadNotFound."""
    model = parse(data)
    _expose(model)
    model.graph.output.add(name=FEATURES)
    return model.SerializeToString()


def corrected(data: bytes, *, gain: float, weights: np.ndarray, bias: float) -> bytes:
    """The same network, answering `gain` * its answer + features . `weights` + `bias`. `weights`: (k,). Raises HeadNotFound."""
    model = parse(data)
    _expose(model)
    graph, answer = model.graph, model.graph.output[0].name
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [SHIPPED if name == answer else name for name in names]
    _constant(graph, "own_weights", np.asarray(weights, np.float32).reshape(-1, 1))
    _constant(graph, "own_bias", np.array([bias], np.float32))
    _constant(graph, "own_gain", np.array([gain], np.float32))
    _constant(graph, "own_flat", np.array([-1], np.int64))
    _node(graph, "Gemm", [FEATURES, "own_weights", "own_bias"], "own_correction")
    _node(graph, "Reshape", ["own_correction", "own_flat"], "own_correction_flat")
    _node(graph, "Mul", [SHIPPED, "own_gain"], "own_scaled")
    _node(graph, "Add", ["own_scaled", "own_correction_flat"], answer)
    return model.SerializeToString()


def _expose(model: Any) -> None:
    """Name the features FEATURES, as (n, k) floating point."""
    graph = model.graph
    node = _last_linear(graph)
    source = node.input[0]
    makers = {name: maker for maker in graph.node for name in maker.output}
    if node.op_type in QUANTISED:
        _node(graph, "DequantizeLinear", list(node.input[:3]), f"{FEATURES}_real")
        source = f"{FEATURES}_real"
    elif node.op_type in INTEGER:
        if source not in makers or makers[source].op_type != "DynamicQuantizeLinear":
            raise HeadNotFound("the last layer's input is quantised in an unknown way")
        source = makers[source].input[0]
    _node(graph, "Flatten", [source], FEATURES)


def _last_linear(graph: Any) -> Any:
    makers = {name: node for node in graph.node for name in node.output}
    constants = {one.name for one in graph.initializer} | {n.output[0] for n in graph.node if n.op_type == "Constant"}
    name = graph.output[0].name
    for _ in range(STEPS):
        node = makers.get(name)
        if node is None:
            break
        if node.op_type in LINEAR:
            return node
        made = [one for one in node.input if one and one not in constants and one in makers and not _fixed(makers, constants, one)]
        if not made:
            break
        name = made[0]
    raise HeadNotFound("no linear layer before the answer")


def _fixed(makers: Mapping[str, Any], constants: set[str], name: str) -> bool:
    """Whether a value depends on constants alone (a weight that is stored in half precision, say)."""
    node = makers.get(name)
    if node is None:
        return name in constants
    return all(not one or one in constants or _fixed(makers, constants, one) for one in node.input)


def _constant(graph: Any, name: str, value: np.ndarray) -> None:
    kind = INT64 if value.dtype == np.int64 else FLOAT
    graph.initializer.add(name=name, dims=list(value.shape), data_type=kind, raw_data=value.tobytes())


def _node(graph: Any, kind: str, given: list[str], made: str) -> None:
    graph.node.add(op_type=kind, input=given, output=[made], name=f"own/{len(graph.node)}")
