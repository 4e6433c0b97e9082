"""Cases of the ONNX backend suite as files, so that a run reads what it needs and nothing else.

A suite is a folder with an `index.json` (a list of cases) and a folder for each case:

    node/index.json
    node/test_abs/model.onnx  0-input-0.npy  0-output-0.npy

A case of the index:

    name      of the suite, "test_abs"
    operator  under test; null where the case is a small network
    expanded  whether the operator is written out as the function that defines it
    numeric   whether every input and output is a tensor of one of the types that momos has
    rtol, atol  relative and absolute tolerance
    model     path of the .onnx file
    sets      data sets: {"inputs": [[name, path]], "outputs": [[name, path, type]]}; none unless numeric

Paths are relative to the suite's folder. npy has no bfloat16: such values are stored as float32, which holds them.
"""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np

# TensorProto.DataType of the types that momos has, and their names.
ELEMENT_TYPES = {
    1: "f32", 2: "u8", 3: "i8", 4: "u16", 5: "i16", 6: "i32", 7: "i64", 9: "bool", 10: "f16", 11: "f64",
    12: "u32", 13: "u64", 16: "bf16",
}  # fmt: skip


class CaseStore:
    """Writes the cases of one suite; the folder appears whole or not at all."""

    def __init__(self, folder: Path):
        self.target = folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        self.index: list[dict] = []

    def add(
        self,
        name: str,
        model,
        data_sets: list,
        *,
        operator: str | None,
        expanded: bool = False,
        rtol: float,
        atol: float,
    ) -> None:
        """Adds a case.

        Args:
            model: an onnx.ModelProto.
            data_sets: pairs of inputs and outputs, in the order of the graph, as arrays, scalars or TensorProtos.
        """
        case = self.folder / name
        case.mkdir()
        (case / "model.onnx").write_bytes(model.SerializeToString())
        graph = model.graph
        numeric = all(element_type(value) is not None for value in [*graph.input, *graph.output])
        sets = []
        for number, (inputs, outputs) in enumerate(data_sets if numeric else []):
            sets.append({
                "inputs": [entry[:2] for entry in self._save(case, f"{number}-input", graph.input, inputs)],
                "outputs": self._save(case, f"{number}-output", graph.output, outputs),
            })
        self.index.append({
            "name": name, "operator": operator, "expanded": expanded, "numeric": numeric, "rtol": rtol,
            "atol": atol, "model": f"{name}/model.onnx", "sets": sets,
        })  # fmt: skip

    def _save(self, case: Path, prefix: str, values, arrays) -> list[list[str]]:
        entries = []
        for number, (value, array) in enumerate(zip(values, arrays)):
            if array is None:
                continue
            path = case / f"{prefix}-{number}.npy"
            np.save(path, as_array(array))
            entries.append([value.name, f"{case.name}/{path.name}", element_type(value)])
        return entries

    def close(self) -> None:
        self.index.sort(key=lambda case: case["name"])
        (self.folder / "index.json").write_text(json.dumps(self.index))
        shutil.rmtree(self.target, ignore_errors=True)
        self.folder.rename(self.target)

    def __enter__(self) -> "CaseStore":
        return self

    def __exit__(self, kind, error, trace) -> None:
        if kind is None:
            self.close()
        else:
            shutil.rmtree(self.folder)


def element_type(value) -> str | None:
    """The type of a graph's input or output, or None if it is no tensor or of a type that momos does not have."""
    if value.type.WhichOneof("value") != "tensor_type":
        return None
    return ELEMENT_TYPES.get(value.type.tensor_type.elem_type)


def as_array(value) -> np.ndarray:
    """An array, scalar or TensorProto as an array that npy can hold."""
    if hasattr(value, "raw_data"):
        from onnx import numpy_helper

        value = numpy_helper.to_array(value)
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array
