"""Exports against numpy, the independent reader, and onnxruntime where there is one."""

import json
import pathlib
import tempfile
import unittest

import numpy as np

import momos
import momos_reference

try:
    import onnx
    import onnxruntime
except ImportError:
    onnx = onnxruntime = None

ROOT = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "fixtures"
DIGITS = FIXTURES / "sources/digits-mlp"
IMAGES = np.load(DIGITS / "test_images.npy").astype(np.float32)
SAFETENSORS_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip


def read_safetensors(path):
    """The tensors of a safetensors file, whose header and offsets are checked as its specification says."""
    content = pathlib.Path(path).read_bytes()
    size = int.from_bytes(content[:8], "little")
    assert content[8:9] == b"{" and (8 + size) % 8 == 0
    header, data = json.loads(content[8 : 8 + size]), content[8 + size :]
    tensors, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        start, stop = entry["data_offsets"]
        assert start == end, "a hole"
        end = stop
        tensors[name] = np.frombuffer(data[start:stop], SAFETENSORS_TYPES[entry["dtype"]]).reshape(entry["shape"])
    assert end == len(data)
    return tensors


def as_float(array, element_type):
    return (array.astype(np.uint32) << 16).view(np.float32) if element_type == "bf16" else array


class ExportTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.folder = cls.holder.name
        cls.path = f"{cls.folder}/digits.momos"
        momos.convert(DIGITS / "weights", cls.path, graph=DIGITS / "graph.json", bits=2, progress=False)

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def export(self, source, name):
        target = f"{self.folder}/{name}"
        momos.convert(source, target, force=True, progress=False)
        return target

    def test_npz_and_safetensors_hold_every_tensor_of_every_valid_fixture(self):
        paths = sorted((FIXTURES / "valid").glob("*.momos"))
        for path in paths:
            expected = momos_reference.open(path)
            with momos.open(path) as model:
                types = {name: tensor.element_type for name, tensor in model.items()}
            arrays = dict(np.load(self.export(path, "out.npz")))
            tensors = read_safetensors(self.export(path, "out.safetensors"))
            self.assertEqual(set(arrays), set(types), path.name)
            self.assertEqual(set(tensors), set(types), path.name)
            for name, element_type in types.items():
                wanted = expected.tensor(name)
                self.assertEqual(tensors[name].tobytes(), wanted.tobytes(), f"{path.name} {name}")
                self.assertEqual(tensors[name].shape, wanted.shape)
                floats = as_float(wanted, element_type)
                self.assertEqual(arrays[name].dtype, floats.dtype, f"{path.name} {name}")
                self.assertEqual(arrays[name].tobytes(), floats.tobytes(), f"{path.name} {name}")

    def test_equal_files_give_equal_bytes(self):
        for ending in ("npz", "safetensors", "onnx"):
            first = pathlib.Path(self.export(self.path, f"a.{ending}")).read_bytes()
            second = pathlib.Path(self.export(self.path, f"b.{ending}")).read_bytes()
            self.assertEqual(first, second)

    def test_what_is_exported_converts_again(self):
        """Without loss where everything stays dense: ONNX brings its graph."""
        for ending in ("npz", "safetensors", "onnx"):
            target = f"{self.folder}/again-{ending}.momos"
            momos.convert(self.export(self.path, f"out.{ending}"), target, dense=".*", progress=False)
            before, after = momos.load_file(self.path), momos.load_file(target)
            self.assertEqual(set(before), set(after))
            for name, values in before.items():
                np.testing.assert_array_equal(after[name], values)
        with momos.open(target) as model, momos.open(self.path) as original:
            logits = model.run({"images": IMAGES}, precision="exact")["logits"]
            expected = original.run({"images": IMAGES}, precision="exact")["logits"]
            self.assertLess(np.linalg.norm(logits - expected), 2e-5 * np.linalg.norm(expected))

    @unittest.skipUnless(onnxruntime, "onnxruntime is not installed")
    def test_onnxruntime_executes_the_exported_graph(self):
        target = self.export(self.path, "digits.onnx")
        onnx.checker.check_model(onnx.load(target), full_check=True)
        session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
        expected = session.run(None, {"images": IMAGES})[0]
        with momos.open(self.path) as model:
            logits = model.run({"images": IMAGES}, precision="exact")["logits"]
        self.assertLess(np.linalg.norm(logits - expected), 2e-5 * np.linalg.norm(expected))

    def test_subgraphs_are_exported_inside_of_their_nodes(self):
        """A Loop in an If, with nodes in another order than ONNX wants, values of outer graphs and an alias."""
        target = self.export(FIXTURES / "valid/graph-control-flow.momos", "control.onnx")
        exported = pathlib.Path(target).read_bytes()
        for name in (b"then_branch", b"else_branch", b"body", b"once more"):
            self.assertIn(name, exported)
        if onnxruntime is None:
            self.skipTest("onnxruntime is not installed")
        onnx.checker.check_model(onnx.load(target), full_check=True)
        session = onnxruntime.InferenceSession(target, providers=["CPUExecutionProvider"])
        x = np.array([-1, 0.5, 2], np.float32)
        hidden, w = np.maximum(x, 0), np.array([1, 2, 3], np.float32)
        for condition, expected in ((True, hidden + w + w), (False, hidden * 8)):
            (y,) = session.run(None, {"c": np.array(condition), "x": x})
            np.testing.assert_array_equal(y, expected)

    def test_what_cannot_be_meant_is_refused(self):
        target = f"{self.folder}/never.npz"
        for options in ({"bits": 2}, {"dense": "x"}, {"graph": DIGITS / "graph.json"}, {"resume": True}):
            with self.assertRaises(momos.UsageError, msg=str(options)):
                momos.convert(self.path, target, progress=False, **options)
        for output in (f"{self.folder}/never.gguf", self.path, None):
            with self.assertRaises(momos.MomosError, msg=str(output)):
                momos.convert(self.path, output, progress=False)
        weights = f"{self.folder}/weights.momos"
        momos.save_file({"w": IMAGES}, weights)
        with self.assertRaises(momos.BadDataError):
            momos.convert(weights, f"{self.folder}/never.onnx", progress=False)
        self.assertFalse(list(pathlib.Path(self.folder).glob("never*")))


if __name__ == "__main__":
    unittest.main()
