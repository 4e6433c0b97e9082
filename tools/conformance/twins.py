"""Twins of the light networks: the same graphs with random weights, and what onnxruntime computes from them.

The light networks' own weights are all equal, so their outputs say nothing about the layout of any weight. A twin's
weights are drawn so that values neither vanish nor explode: He's normal distribution for matrices and filters, near
1 for scales and variances, near 0 for the rest. The last product is scaled so that logits have deviation 2.
"""

import zlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

SEED = 2026
LOGIT_DEVIATION = 2
# Nodes that hand a weight on to where it is used.
CARRIERS = ("Unsqueeze", "Reshape")


def twin(path: Path) -> tuple[onnx.ModelProto, list, list]:
    """The twin of a light network, its inputs (None for initialisers) and its expected outputs."""
    from suites import image_inputs

    model = onnx.load(path)
    replace_weights(model.graph)
    generator = np.random.default_rng(SEED)
    inputs = image_inputs(model, lambda shape: generator.standard_normal(shape, np.float32))
    feeds = {value.name: array for value, array in zip(model.graph.input, inputs) if array is not None}
    scale_logits(model, feeds)
    return model, inputs, run(model, feeds, [value.name for value in model.graph.output])


def replace_weights(graph: onnx.GraphProto) -> None:
    """Puts random initialisers in place of the float ones and of the ConstantOfShape nodes."""
    initialisers = {tensor.name: tensor for tensor in graph.initializer}
    shapes = {name: tuple(tensor.dims) for name, tensor in initialisers.items() if tensor.data_type == 1}
    makers = [node for node in graph.node if node.op_type == "ConstantOfShape"]
    for node in makers:
        shapes[node.output[0]] = tuple(numpy_helper.to_array(initialisers[node.input[0]]))
    uses = weight_uses(graph)
    dropped = {node.input[0] for node in makers} | {name for name in shapes if name not in uses}
    weights = [
        numpy_helper.from_array(random_weight(name, shape, *uses[name]), name)
        for name, shape in shapes.items() if name not in dropped
    ]  # fmt: skip
    kept = [t for t in graph.initializer if t.name not in dropped and t.name not in shapes]
    inputs = [value for value in graph.input if value.name not in dropped]
    nodes = [node for node in graph.node if node.op_type != "ConstantOfShape"]
    for field, values in ((graph.initializer, kept + weights), (graph.input, inputs), (graph.node, nodes)):
        values = [type(value).FromString(value.SerializeToString()) for value in values]
        del field[:]
        field.extend(values)


def weight_uses(graph: onnx.GraphProto) -> dict[str, tuple[onnx.NodeProto, int]]:
    """The node that uses each value, and as which of its inputs; carriers are looked through."""
    uses = {name: (node, index) for node in graph.node for index, name in enumerate(node.input)}
    for node in reversed(graph.node):
        if node.op_type in CARRIERS and node.output[0] in uses:
            uses[node.input[0]] = uses[node.output[0]]
    return uses


def random_weight(name: str, shape: tuple[int, ...], node: onnx.NodeProto, index: int) -> np.ndarray:
    """A weight that is input `index` of `node`, drawn by a generator of its own."""
    generator = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    near_one = (node.op_type, index) in (("BatchNormalization", 1), ("BatchNormalization", 4))
    if near_one or node.op_type == "Mul":
        return generator.uniform(0.5, 1.5, shape).astype(np.float32)
    deviation = 0.1
    if (node.op_type, index) == ("Conv", 1):
        deviation = np.sqrt(2 / np.prod(shape[1:]))
    elif (node.op_type, index) == ("Gemm", 1):
        transposed = any(a.name == "transB" and a.i for a in node.attribute)
        deviation = np.sqrt(2 / (np.prod(shape[1:]) if transposed else shape[0]))
    return np.float32(deviation) * generator.standard_normal(shape, np.float32)


def scale_logits(model: onnx.ModelProto, feeds: dict[str, np.ndarray]) -> None:
    """Scales the weight of the last product so that what the network ends with, before Softmax, has the deviation."""
    graph = model.graph
    ends = [node for node in graph.node if node.op_type == "Softmax"]
    logits = run(model, feeds, [ends[-1].input[0] if ends else graph.output[0].name])[0]
    last = [node for node in graph.node if node.op_type in ("Conv", "Gemm")][-1]
    names = {last.input[1]} | {node.input[0] for node in graph.node if last.input[1] in node.output}
    for tensor in graph.initializer:
        if tensor.name in names and tensor.data_type == 1:
            factor = np.float32(LOGIT_DEVIATION / logits.std())
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * factor, tensor.name))


def run(model: onnx.ModelProto, feeds: dict[str, np.ndarray], outputs: list[str]) -> list[np.ndarray]:
    """What onnxruntime computes for values anywhere in the graph."""
    known = {value.name for value in model.graph.output}
    extended = onnx.ModelProto.FromString(model.SerializeToString())
    extended.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs if name not in known)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(extended.SerializeToString(), options)
    return session.run(outputs, feeds)
