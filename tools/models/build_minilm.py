"""Builds all-MiniLM-L6-v2 as an ONNX graph from its published weights: no PyTorch, half a minute instead of minutes.

Usage: python build_minilm.py WEIGHTS.safetensors FILE.onnx

Token ids and mask [batch, sequence] to unit vectors [batch, 384], the same function as that of `export_minilm.py`, with
LayerNormalization and Gelu written out as exporters for opset 14 write them. Needs numpy and onnx.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 14
LAYERS, HEADS, HEAD_SIZE = 6, 12, 32
EPSILON = 1e-12


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """The float32 tensors of a safetensors file."""
    data = path.read_bytes()
    header_size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + header_size])
    weights = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = (8 + header_size + offset for offset in entry["data_offsets"])
            weights[name] = np.frombuffer(data[begin:end], "<f4").reshape(entry["shape"])
    return weights


class Builder:
    """Adds nodes one after another; every method returns the name of what its nodes make."""

    def __init__(self, weights: dict[str, np.ndarray]):
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def node(self, operator: str, *inputs: str, name: str | None = None, **attributes) -> str:
        output = name or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def tensor(self, name: str, values: np.ndarray) -> str:
        self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def weight(self, name: str) -> str:
        return self.tensor(name, self.weights[name])

    def number(self, value: float) -> str:
        return self.tensor(f"number_{value}", np.float32(value))

    def integers(self, *values: int) -> str:
        return self.tensor("integers_" + "_".join(map(str, values)), np.array(values, np.int64))

    def linear(self, name: str, x: str) -> str:
        """x W^T + b, with W stored as exporters store it: [in, out]."""
        product = self.node("MatMul", x, self.tensor(f"{name}.weight", self.weights[f"{name}.weight"].T))
        return self.node("Add", product, self.weight(f"{name}.bias"))

    def normalized(self, name: str, x: str) -> str:
        centered = self.node("Sub", x, self.node("ReduceMean", x, axes=[-1], keepdims=1))
        variance = self.node("ReduceMean", self.node("Pow", centered, self.number(2.0)), axes=[-1], keepdims=1)
        deviation = self.node("Sqrt", self.node("Add", variance, self.number(EPSILON)))
        scaled = self.node("Mul", self.node("Div", centered, deviation), self.weight(f"{name}.weight"))
        return self.node("Add", scaled, self.weight(f"{name}.bias"))

    def gelu(self, x: str) -> str:
        raised = self.node("Add", self.node("Erf", self.node("Div", x, self.number(math.sqrt(2)))), self.number(1.0))
        return self.node("Mul", self.node("Mul", x, raised), self.number(0.5))

    def embeddings(self, ids: str) -> str:
        words = self.node("Gather", self.weight("embeddings.word_embeddings.weight"), ids)
        length = self.node("Gather", self.node("Shape", ids), self.integers(1), axis=0)
        table = self.weight("embeddings.position_embeddings.weight")
        numbers = self.tensor("positions", np.arange(len(self.weights[table]))[np.newaxis])
        places = self.node("Slice", numbers, self.integers(0), length, self.integers(1))
        positions = self.node("Gather", table, places)
        kind = self.tensor("token_type", self.weights["embeddings.token_type_embeddings.weight"][0])
        return self.normalized(
            "embeddings.LayerNorm", self.node("Add", self.node("Add", words, kind), positions)
        )

    def heads(self, x: str, *order: int) -> str:
        split = self.node("Reshape", x, self.integers(0, 0, HEADS, HEAD_SIZE))
        return self.node("Transpose", split, perm=order)

    def attention(self, layer: str, x: str, mask: str) -> str:
        query, key, value = (
            self.heads(self.linear(f"{layer}.attention.self.{part}", x), *order)
            for part, order in (("query", (0, 2, 1, 3)), ("key", (0, 2, 3, 1)), ("value", (0, 2, 1, 3)))
        )
        scores = self.node("Div", self.node("MatMul", query, key), self.number(math.sqrt(HEAD_SIZE)))
        shares = self.node("Softmax", self.node("Add", scores, mask), axis=-1)
        joined = self.node("Transpose", self.node("MatMul", shares, value), perm=[0, 2, 1, 3])
        flat = self.node("Reshape", joined, self.integers(0, 0, HEADS * HEAD_SIZE))
        result = self.linear(f"{layer}.attention.output.dense", flat)
        return self.normalized(f"{layer}.attention.output.LayerNorm", self.node("Add", result, x))

    def feed_forward(self, layer: str, x: str) -> str:
        inner = self.gelu(self.linear(f"{layer}.intermediate.dense", x))
        result = self.linear(f"{layer}.output.dense", inner)
        return self.normalized(f"{layer}.output.LayerNorm", self.node("Add", result, x))

    def embedding(self) -> None:
        kept = self.node("Cast", "attention_mask", to=TensorProto.FLOAT)
        dropped = self.node("Sub", self.number(1.0), self.node("Unsqueeze", kept, self.integers(1, 2)))
        mask = self.node("Mul", dropped, self.number(float(np.finfo(np.float32).min)))
        x = self.embeddings("input_ids")
        for number in range(LAYERS):
            x = self.attention(f"encoder.layer.{number}", x, mask)
            x = self.feed_forward(f"encoder.layer.{number}", x)
        column = self.node("Unsqueeze", kept, self.integers(2))
        total = self.node("ReduceSum", self.node("Mul", x, column), self.integers(1), keepdims=0)
        count = self.node("Clip", self.node("ReduceSum", column, self.integers(1), keepdims=0), self.number(1e-9))
        mean = self.node("Div", total, count)
        length = self.node("Clip", self.node("ReduceL2", mean, axes=[1], keepdims=1), self.number(EPSILON))
        self.node("Div", mean, length, name="embedding")

    def model(self) -> onnx.ModelProto:
        self.embedding()
        tokens = ("batch", "sequence")
        graph = helper.make_graph(
            self.nodes, "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info(name, TensorProto.INT64, tokens) for name in ("input_ids", "attention_mask")],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ("batch", HEADS * HEAD_SIZE))],
            list(self.initializers.values()),
        )  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model)
        return model


def build(weights: Path, target: Path) -> None:
    partial = target.with_suffix(".partial")
    onnx.save(Builder(read_weights(weights)).model(), partial)
    partial.rename(target)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    build(Path(sys.argv[1]), Path(sys.argv[2]))
