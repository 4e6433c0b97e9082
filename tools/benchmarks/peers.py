#!/usr/bin/env python3
"""Times matrix times vector of other programs, where their Python packages are installed.

Usage: tools/benchmarks/peers.py [ROUNDS]

Prints JSON: for each contender 10^9 weights a second (median and best) in processor time of one thread, and how many
times that is numpy's sgemv, timed in turn with it. Each has distinct matrices in rotation, eight times the last-level
cache. Packages: onnxruntime (MatMul, and MatMulNBits with 4 bits), llama-cpp-python (the types of its ggml).
"""

import ctypes
import importlib.util
import json
import pathlib
import statistics
import sys
import time

import numpy as np

SIZE = 4096
MEMORY_BYTES = 256 << 20


def count_for(matrix_bytes):
    """Matrices that fill the memory that rotations sweep."""
    return -(-MEMORY_BYTES // int(matrix_bytes))


class Message:
    """Writes the few protobuf fields that a small ONNX model needs."""

    def __init__(self):
        self.data = bytearray()

    def _varint(self, value):
        while value > 127:
            self.data.append(value & 127 | 128)
            value >>= 7
        self.data.append(value)

    def number(self, field, value):
        self._varint(field << 3)
        self._varint(value)
        return self

    def bytes(self, field, value):
        value = value.data if isinstance(value, Message) else value.encode() if isinstance(value, str) else value
        self._varint(field << 3 | 2)
        self._varint(len(value))
        self.data += value
        return self


def onnx_tensor(name, array):
    element_type = {np.dtype(np.float32): 1, np.dtype(np.uint8): 2}[array.dtype]
    tensor = Message()
    for dimension in array.shape:
        tensor.number(1, dimension)
    return tensor.number(2, element_type).bytes(8, name).bytes(9, array.tobytes())


def onnx_value(name, shape):
    dimensions = Message()
    for dimension in shape:
        dimensions.bytes(1, Message().number(1, dimension))
    tensor_type = Message().number(1, 1).bytes(2, dimensions)
    return Message().bytes(1, name).bytes(2, Message().bytes(1, tensor_type))


def onnx_model(operator, domain, initializers, attributes):
    """A graph of one node: y [1, SIZE] = operator(x [1, SIZE], initializers)."""
    node = Message().bytes(1, "x")
    for name in initializers:
        node.bytes(1, name)
    node.bytes(2, "y").bytes(4, operator)
    for name, value in attributes.items():
        node.bytes(5, Message().bytes(1, name).number(3, value).number(20, 2))
    node.bytes(7, domain)
    graph = Message().bytes(1, node).bytes(2, "product")
    for name, array in initializers.items():
        graph.bytes(5, onnx_tensor(name, array))
    graph.bytes(11, onnx_value("x", (1, SIZE))).bytes(12, onnx_value("y", (1, SIZE)))
    model = Message().number(1, 8).bytes(7, graph)
    model.bytes(8, Message().bytes(1, "").number(2, 17)).bytes(8, Message().bytes(1, "com.microsoft").number(2, 1))
    return bytes(model.data)


def onnxruntime_calls(x, rng, bits):
    """One call for each matrix, in float32 or in blocks of 32 weights of few bits."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    calls = []
    for _ in range(count_for(SIZE * SIZE * 4 if bits == 32 else SIZE * SIZE * (bits / 8 + 4 / 32))):
        if bits == 32:
            weights = {"w": rng.standard_normal((SIZE, SIZE), dtype=np.float32)}
            model = onnx_model("MatMul", "", weights, {})
        else:
            blocks = SIZE // 32
            weights = {
                "w": rng.integers(0, 256, (SIZE, blocks, 32 * bits // 8), dtype=np.uint8),
                "scales": rng.random(SIZE * blocks, dtype=np.float32),
            }
            attributes = {"K": SIZE, "N": SIZE, "bits": bits, "block_size": 32, "accuracy_level": 4}
            model = onnx_model("MatMulNBits", "com.microsoft", weights, attributes)
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        calls.append(lambda session=session: session.run(["y"], {"x": x}))
    return calls


class InitParameters(ctypes.Structure):
    _fields_ = [("mem_size", ctypes.c_size_t), ("mem_buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool)]


class Ggml:
    """The functions of ggml that one product takes."""

    TYPES = {"Q8_0": 8, "Q4_0": 2, "Q4_K": 12, "Q2_K": 10, "TQ2_0": 35, "TQ1_0": 34}

    def __init__(self, folder):
        pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64
        base = ctypes.CDLL(str(self.library(folder, "ggml-base")), mode=ctypes.RTLD_GLOBAL)
        processor = ctypes.CDLL(str(self.library(folder, "ggml-cpu")), mode=ctypes.RTLD_GLOBAL)
        self.init = self.function(base.ggml_init, pointer, InitParameters)
        self.tensor = self.function(base.ggml_new_tensor_2d, pointer, pointer, ctypes.c_int, number, number)
        self.product = self.function(base.ggml_mul_mat, pointer, pointer, pointer, pointer)
        self.graph = self.function(base.ggml_new_graph, pointer, pointer)
        self.expand = self.function(base.ggml_build_forward_expand, None, pointer, pointer)
        self.row_size = self.function(base.ggml_row_size, size, ctypes.c_int, number)
        self.data = self.function(base.ggml_get_data, pointer, pointer)
        self.quantize = self.function(
            base.ggml_quantize_chunk, size, ctypes.c_int, pointer, pointer, number, number, number, pointer
        )
        self.compute = self.function(
            processor.ggml_graph_compute_with_ctx, ctypes.c_int, pointer, pointer, ctypes.c_int
        )
        self.free = self.function(base.ggml_free, None, pointer)
        self.function(processor.ggml_cpu_init, None)()
        self.memory = np.empty(16 << 20, dtype=np.uint8)

    @staticmethod
    def library(folder, name):
        return sorted(folder.glob(f"lib{name}*.so*"))[0]

    @staticmethod
    def function(function, result, *arguments):
        function.restype, function.argtypes = result, arguments
        return function

    def calls(self, x, rng, kind):
        source = rng.standard_normal((SIZE, SIZE), dtype=np.float32)
        row_bytes = self.row_size(kind, SIZE)
        packed = np.empty(SIZE * row_bytes, dtype=np.uint8)
        self.quantize(kind, source.ctypes.data, packed.ctypes.data, 0, SIZE, SIZE, None)
        calls = []
        for _ in range(count_for(packed.nbytes)):
            memory = np.empty(packed.nbytes + (1 << 20), dtype=np.uint8)
            context = self.init(InitParameters(memory.nbytes, memory.ctypes.data, False))
            weights = self.tensor(context, kind, SIZE, SIZE)
            vector = self.tensor(context, 0, SIZE, 1)
            ctypes.memmove(self.data(weights), packed.ctypes.data, packed.nbytes)
            ctypes.memmove(self.data(vector), x.ctypes.data, x.nbytes)
            calls.append(lambda memory=memory, weights=weights, vector=vector: self.run(weights, vector))
        return calls

    def run(self, weights, vector):
        """Multiplies; the graph lies in a context of its own, since each run takes memory of its context."""
        context = self.init(InitParameters(self.memory.nbytes, self.memory.ctypes.data, False))
        graph = self.graph(context)
        self.expand(graph, self.product(context, weights, vector))
        self.compute(context, graph, 1)
        self.free(context)


def gigaweights(calls, reference, rounds):
    """Median and best of the calls, and the median ratio to the reference, which is timed in turn."""
    speeds, ratios = [], []
    for i in range(rounds + 2):
        seconds = []
        for contender in (calls, reference):
            start = time.thread_time()
            contender[i % len(contender)]()
            seconds.append(time.thread_time() - start)
        if i >= 2:
            speeds.append(SIZE * SIZE / seconds[0] / 1e9)
            ratios.append(seconds[1] / seconds[0])
    return {"median": statistics.median(speeds), "best": max(speeds), "times_sgemv": statistics.median(ratios)}


def contenders(x, rng):
    """Names and what makes their calls."""
    if importlib.util.find_spec("onnxruntime"):
        yield "onnxruntime MatMul f32", lambda: onnxruntime_calls(x, rng, 32)
        yield "onnxruntime MatMulNBits 4-bit", lambda: onnxruntime_calls(x, rng, 4)
    llama = importlib.util.find_spec("llama_cpp")
    if llama:
        ggml = Ggml(pathlib.Path(llama.origin).parent / "lib")
        for name, kind in Ggml.TYPES.items():
            yield f"llama.cpp {name}", lambda kind=kind: ggml.calls(x, rng, kind)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 41
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, SIZE), dtype=np.float32)
    matrices = [rng.standard_normal((SIZE, SIZE), dtype=np.float32) for _ in range(count_for(SIZE * SIZE * 4))]
    reference = [lambda matrix=matrix: matrix @ x[0] for matrix in matrices]
    results = {name: gigaweights(make(), reference, rounds) for name, make in contenders(x, rng)}
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
