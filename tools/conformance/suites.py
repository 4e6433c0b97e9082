"""The suites: which there are, and how each becomes a folder of cases (see case_store.py)."""

import json
import re
import warnings
from pathlib import Path

import numpy as np

from case_store import CaseStore

# Cases of single operators first, then small networks, then whole ones.
NODE = "node"
SMALL = ("simple", "pytorch-operator", "pytorch-converted")
LIGHT = "light"
TWINS = "twins"
SUITES = (NODE, *SMALL, LIGHT, TWINS)
# What the share of passed cases is counted over.
COUNTED = (NODE, *SMALL)

NETWORKS = (
    "bvlc_alexnet", "densenet121", "inception_v1", "inception_v2", "resnet50", "shufflenet", "squeezenet", "vgg19",
    "zfnet512",
)  # fmt: skip


def load(suite: str, cache: Path, pattern: re.Pattern) -> list[dict]:
    """The cases of a suite whose names match, with absolute paths; makes the suite's folder if it is missing."""
    if suite in (LIGHT, TWINS) and not any(pattern.search(f"test_{name}") for name in NETWORKS):
        return []
    folder = cache / suite
    if not (folder / "index.json").exists():
        make(suite, cache)
    cases = json.loads((folder / "index.json").read_text())
    return [located(case, suite, folder) for case in cases if pattern.search(case["name"])]


def located(case: dict, suite: str, folder: Path) -> dict:
    sets = [
        {kind: [[name, str(folder / path), *rest] for name, path, *rest in entries] for kind, entries in data.items()}
        for data in case["sets"]
    ]
    return {**case, "suite": suite, "model": str(folder / case["model"]), "sets": sets}


def make(suite: str, cache: Path) -> None:
    if suite == TWINS:
        from twins import twin

        with CaseStore(cache / suite) as store:
            for case in load(LIGHT, cache, re.compile("")):
                print(f"making the twin of {case['name']}", flush=True)
                model, inputs, outputs = twin(Path(case["model"]))
                store.add(case["name"], model, [(inputs, outputs)], operator=None, rtol=1e-4, atol=1e-7)
        return
    print(f"making the cases of {suite}", flush=True)
    with CaseStore(cache / suite) as store:
        {NODE: add_nodes, LIGHT: add_light}.get(suite, lambda store: add_small(store, suite))(store)


def add_nodes(store: CaseStore) -> None:
    """The cases of single operators, which the package generates."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    operators = {case.name: case.model.graph.node[0].op_type for case in cases}
    for case in cases:
        base, expanded, _ = case.name.partition("_expanded")
        store.add(
            case.name, case.model, case.data_sets, operator=operators[base if expanded else case.name],
            expanded=bool(expanded), rtol=case.rtol, atol=case.atol,
        )  # fmt: skip


def add_small(store: CaseStore, suite: str) -> None:
    """The cases of a suite that the package stores: a model, and folders of input_N.pb and output_N.pb."""
    import onnx
    from onnx.backend.test.loader import load_model_tests

    for case in load_model_tests(kind=suite):
        folder = Path(case.model_dir)
        model = onnx.load(folder / "model.onnx")
        sets = [
            tuple(tensors(data, kind, values) for kind, values in (("input", model.graph.input), ("output", model.graph.output)))
            for data in sorted(folder.glob("test_data_set*"))
        ]
        store.add(case.name, model, sets, operator=None, rtol=case.rtol, atol=case.atol)


def tensors(folder: Path, kind: str, values) -> list:
    """The stored tensors of the graph's inputs or outputs, None where one is no tensor."""
    import onnx

    found = []
    for number, value in enumerate(values):
        path = folder / f"{kind}_{number}.pb"
        if not path.exists():
            break
        tensor = value.type.WhichOneof("value") == "tensor_type"
        found.append(onnx.TensorProto.FromString(path.read_bytes()) if tensor else None)
    return found


def add_light(store: CaseStore) -> None:
    """Whole networks without their weights: every weight is a constant that the graph makes itself.

    The input counts from 0 to 1; the expected output is stored beside the model.
    """
    import onnx
    from onnx.backend.test.loader import DATA_DIR, load_model_tests

    light = Path(DATA_DIR) / "light"
    for case in load_model_tests(kind="real"):
        model = onnx.load(light / f"light_{case.model_name}.onnx")
        output = onnx.TensorProto.FromString((light / f"light_{case.model_name}_output_0.pb").read_bytes())
        data = (image_inputs(model, counting), [output])
        store.add(f"test_{case.model_name}", model, [data], operator=None, rtol=case.rtol, atol=case.atol)


def counting(shape: tuple[int, ...]) -> np.ndarray:
    count = np.prod(shape)
    return (np.arange(count).reshape(shape) / count).astype(np.float32)


def image_inputs(model, values) -> list[np.ndarray | None]:
    """`values(shape)` for every graph input that is not an initialiser too, None for those that are."""
    initialisers = {tensor.name for tensor in model.graph.initializer}
    shapes = [tuple(d.dim_value for d in value.type.tensor_type.shape.dim) for value in model.graph.input]
    return [
        None if value.name in initialisers else values(shape) for value, shape in zip(model.graph.input, shapes)
    ]
