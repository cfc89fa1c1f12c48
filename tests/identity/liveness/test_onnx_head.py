"""The network's answer is corrected inside the file, whatever its last layer is called and however it is stored."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest

from xinqiao.identity.liveness import onnx_head
from xinqiao.identity.liveness.onnx_head import HeadNotFound, corrected, with_features
from xinqiao.identity.networks import load_session, shipped_texture

COUNT = 5


def ask(data: bytes, value: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: value})


def shipped() -> bytes:
    return shipped_texture(None)[0]


@pytest.fixture(scope="module")
def views() -> np.ndarray:
    return np.random.default_rng(20261122).uniform(-1, 1, (4, 6, 112, 112)).astype(np.float32)


def test_the_shipped_network_tells_what_it_knows_and_answers_as_before(views: np.ndarray) -> None:
    before = ask(shipped(), views)[0]
    answer, features = ask(with_features(shipped()), views)
    assert np.array_equal(answer, before)
    assert features.shape[0] == 4
    assert features.shape[1] > 16
    assert features.std() > 0


def test_the_shipped_network_s_answer_is_corrected_and_its_output_keeps_its_name_and_shape(views: np.ndarray) -> None:
    before, features = ask(with_features(shipped()), views)
    weights = np.random.default_rng(3).normal(0, 0.1, features.shape[1])
    made = corrected(shipped(), gain=0.5, weights=weights, bias=0.25)
    assert np.allclose(ask(made, views)[0], 0.5 * before + features @ weights + 0.25, atol=1e-4)
    assert [(o.name, o.shape) for o in load_session(made).get_outputs()] == [
        (o.name, o.shape) for o in load_session(shipped()).get_outputs()
    ]
    assert len(made) < len(shipped()) + 20_000


def test_nothing_corrected_is_the_shipped_network(views: np.ndarray) -> None:
    count = ask(with_features(shipped()), views)[1].shape[1]
    assert np.allclose(ask(corrected(shipped(), gain=1, weights=np.zeros(count), bias=0), views)[0], ask(shipped(), views)[0], atol=1e-6)


def tiny(build: Callable[[Any], None], *, opset: int = 17) -> bytes:
    """An ONNX file of (n, COUNT) in and (n,) out, made by hand."""
    model = onnx_head._model_class()()
    model.opset_import.add(domain="", version=opset)
    model.opset_import.add(domain="com.microsoft", version=1)
    build(model.graph)
    raw = model.SerializeToString()
    # IR version (field 1) and the graph's name (2) and typed input (11) are none of the fields that are declared: written as bytes.
    graph = model.graph.SerializeToString() + _told(2, b"tiny") + _told(11, _value("x", 2)) + _told(12, b"")
    return b"\x08\x08" + raw.replace(_told(7, model.graph.SerializeToString()), _told(7, graph[:-2]))


def _told(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(n: int) -> bytes:
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + _varint(n >> 7)


def _value(name: str, rank: int) -> bytes:
    shape = b"".join(_told(1, _told(2, b"n") if axis == 0 else b"\x08" + _varint(COUNT)) for axis in range(rank))
    return _told(1, name.encode()) + _told(2, _told(1, b"\x08\x01" + _told(2, shape)))


W = np.linspace(-1, 1, COUNT).astype(np.float32).reshape(-1, 1)


def plain(graph: Any) -> None:
    onnx_head._constant(graph, "w", W)
    onnx_head._constant(graph, "b", np.array([0.5], np.float32))
    onnx_head._constant(graph, "flat", np.array([-1], np.int64))
    onnx_head._node(graph, "MatMul", ["x", "w"], "raw")
    onnx_head._node(graph, "Add", ["b", "raw"], "sum")
    onnx_head._node(graph, "Reshape", ["sum", "flat"], "answer")
    graph.output.add(name="answer")


def by_integers(graph: Any) -> None:
    """As dynamic quantisation leaves a layer."""
    graph.initializer.add(name="w8", dims=[COUNT, 1], data_type=3, raw_data=np.array([-100, -50, 0, 50, 100], np.int8).tobytes())
    onnx_head._constant(graph, "w_scale", np.array([0.01], np.float32))
    onnx_head._constant(graph, "flat", np.array([-1], np.int64))
    graph.node.add(op_type="DynamicQuantizeLinear", input=["x"], output=["x8", "x_scale", "x_zero"])
    graph.node.add(op_type="MatMulInteger", input=["x8", "w8", "x_zero"], output=["whole"])
    graph.node.add(op_type="Cast", input=["whole"], output=["real"])
    graph.node[-1].attribute.add(name="to", i=1, type=2)
    onnx_head._node(graph, "Mul", ["x_scale", "w_scale"], "scale")
    onnx_head._node(graph, "Mul", ["real", "scale"], "raw")
    onnx_head._node(graph, "Reshape", ["raw", "flat"], "answer")
    graph.output.add(name="answer")


@pytest.mark.parametrize("build", [plain, by_integers])
def test_other_layers_are_found_too(build: Callable[[Any], None]) -> None:
    data, value = tiny(build), np.random.default_rng(1).normal(size=(6, COUNT)).astype(np.float32)
    before = ask(data, value)[0]
    assert np.allclose(before, (value @ W)[:, 0] + (0.5 if build is plain else 0), atol=0.05)
    answer, features = ask(with_features(data), value)
    assert np.array_equal(answer, before)
    assert np.allclose(features, value, atol=0.02)
    made = corrected(data, gain=2.0, weights=np.arange(COUNT), bias=-1.0)
    assert np.allclose(ask(made, value)[0], 2 * before + value @ np.arange(COUNT, dtype=np.float32) - 1, atol=0.05)


def no_layer(graph: Any) -> None:
    onnx_head._node(graph, "Relu", ["x"], "answer")
    graph.output.add(name="answer")


def two_answers(graph: Any) -> None:
    plain(graph)
    graph.output.add(name="raw")


@pytest.mark.parametrize("data", [b"", b"no onnx", tiny(no_layer), tiny(two_answers)])
def test_a_network_that_cannot_be_corrected_is_said_to_be(data: bytes) -> None:
    for change in (with_features, lambda d: corrected(d, gain=1, weights=np.zeros(COUNT), bias=0)):
        with pytest.raises(HeadNotFound):
            change(data)
