"""Write a network's PReLUs so that onnxruntime keeps the blocked layout of its convolutions: the same numbers in a third to half of the time.

    python scripts/onnx_prelu.py FILE.onnx ...      rewrites in place, prints the time before and after and the largest difference

onnxruntime computes convolutions on blocks of channels, but neither PRelu nor a multiplication by a constant a channel: each such node costs
two changes of layout. relu(x) - slope * relu(-x) needs only ReLUs, sums and depthwise convolutions of one pixel, which stay blocked.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx_half import halve


class Found(NamedTuple):
    """One PReLU: the nodes that make it, in their order, its input, the slope of each channel below zero, and its output."""

    nodes: list[int]
    source: str
    slopes: np.ndarray
    out: str


def blocked_prelu(model: onnx.ModelProto) -> int:
    """Rewrite every PReLU, spelt PRelu or relu(x) + c * (x - |x|) as TensorFlow exports do; how many there were."""
    nodes = list(model.graph.node)
    found = list(prelus(nodes, constants(model)))
    gone = {n for one in found for n in one.nodes}
    instead = {max(one.nodes): written(model, one) for one in found}
    kept = [node for n, old in enumerate(nodes) for node in instead.get(n, [] if n in gone else [old])]
    _replace(model, kept)
    return len(found)


def _replace(model: onnx.ModelProto, nodes: list[NodeProto]) -> None:
    """These nodes, without casts and constants that nothing uses any more."""
    used = {name for node in nodes for name in node.input} | {value.name for value in model.graph.output}
    nodes = [node for node in nodes if node.op_type != "Cast" or node.output[0] in used]
    used = {name for node in nodes for name in node.input}
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    constants = [TensorProto.FromString(c.SerializeToString()) for c in model.graph.initializer if c.name in used]
    del model.graph.node[:], model.graph.value_info[:], model.graph.initializer[:]
    model.graph.node.extend(copies)
    model.graph.initializer.extend(constants)


def constants(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """By name, those that are stored as float16 (`onnx_half`) included."""
    known = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}
    known |= {n.output[0]: known[n.input[0]] for n in model.graph.node if n.op_type == "Cast" and n.input[0] in known}
    return known


def prelus(nodes: list[NodeProto], known: dict[str, np.ndarray]) -> Iterator[Found]:
    users: dict[str, list[int]] = {}
    for n, node in enumerate(nodes):
        for name in node.input:
            users.setdefault(name, []).append(n)
    for n, node in enumerate(nodes):
        if node.op_type == "PRelu":
            yield Found([n], node.input[0], known[node.input[1]].reshape(-1), node.output[0])
        elif node.op_type == "Abs":
            yield _spelt_out(nodes, users, known, n)


def _spelt_out(nodes: list[NodeProto], users: dict[str, list[int]], known: dict[str, np.ndarray], at: int) -> Found:
    """relu(x) + c * (x - |x|): below zero x - |x| is twice x."""
    source = nodes[at].input[0]
    (minus,) = users[nodes[at].output[0]]
    (times,) = users[nodes[minus].output[0]]
    (plus,) = users[nodes[times].output[0]]
    (relu,) = [n for n in users[source] if nodes[n].op_type == "Relu"]
    kinds = [nodes[n].op_type for n in (minus, times, plus)]
    if kinds != ["Sub", "Mul", "Add"] or nodes[relu].output[0] not in nodes[plus].input:
        raise ValueError(f"{nodes[at].name} is the absolute value of something else")
    (constant,) = [name for name in nodes[times].input if name in known]
    return Found([at, minus, times, plus, relu], source, 2 * known[constant].reshape(-1), nodes[plus].output[0])


def written(model: onnx.ModelProto, one: Found) -> list[NodeProto]:
    channels, out = len(one.slopes), one.out

    def scaled(source: str, by: np.ndarray, target: str) -> NodeProto:
        weights = by.reshape(channels, 1, 1, 1).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(weights, f"{target}_by"))
        return helper.make_node("Conv", [source, f"{target}_by"], [target], name=target, group=channels, kernel_shape=[1, 1])

    return [
        helper.make_node("Relu", [one.source], [f"{out}_above"], name=f"{out}_above"),
        scaled(one.source, -np.ones(channels), f"{out}_minus"),
        helper.make_node("Relu", [f"{out}_minus"], [f"{out}_below"], name=f"{out}_below"),
        scaled(f"{out}_below", -one.slopes, f"{out}_sloped"),
        helper.make_node("Add", [f"{out}_above", f"{out}_sloped"], [out], name=out),
    ]


def session(model: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def ran(model: bytes) -> tuple[float, list[np.ndarray]]:
    """Least processor time of ten runs, ms, and the outputs for random input."""
    network = session(model)
    spec = network.get_inputs()[0]
    given = np.random.default_rng(7).uniform(-1, 1, [n if isinstance(n, int) else 1 for n in spec.shape]).astype(np.float32)
    out, took = network.run(None, {spec.name: given}), []
    for _ in range(10):
        started = time.process_time()
        network.run(None, {spec.name: given})
        took.append(time.process_time() - started)
    return min(took) * 1000, out


def main(files: list[Path]) -> None:
    for file in files:
        model = onnx.load(file)
        before, expected = ran(model.SerializeToString())
        count = blocked_prelu(model)
        halve(model)
        onnx.checker.check_model(model)
        after, got = ran(model.SerializeToString())
        gap = max(float(np.abs(a - b).max() / np.abs(b).max()) for a, b in zip(got, expected, strict=True))
        if gap > 1e-5:
            raise ValueError(f"{file.name}: the rewritten network differs by {gap:.1e}")
        onnx.save(model, file)
        print(f"{file.name}: {count} PReLUs, {before:.2f} -> {after:.2f} ms, difference {gap:.1e}, {file.stat().st_size} bytes")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
