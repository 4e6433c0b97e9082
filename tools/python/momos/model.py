"""Open files: their tensors as numpy arrays, products, and executions."""

from __future__ import annotations

import ctypes
import itertools
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from momos import elements
from momos.errors import BadDataError, UsageError
from momos.library import (
    KINDS,
    LOAD_MODES,
    PRECISIONS,
    Array,
    ExecutionOptions,
    Owner,
    Release,
    TensorFacts,
    ValueFacts,
    call,
    library,
    made,
    taken_text,
)


def _options(precision: str, threads: int) -> ExecutionOptions:
    if not isinstance(precision, str) or precision not in PRECISIONS:
        raise UsageError(f"expected one of {', '.join(PRECISIONS)}, found {precision!r}")
    if not isinstance(threads, (int, np.integer)) or not 0 <= threads <= 1024:
        raise UsageError(f"expected 0 to 1024 threads, found {threads!r}")
    return ExecutionOptions(ctypes.sizeof(ExecutionOptions), PRECISIONS[precision], int(threads))


def _view(address: int, byte_count: int, owner: Owner) -> np.ndarray:
    """Bytes of the library that live as long as the array, which cannot be written."""
    memory = (ctypes.c_ubyte * byte_count).from_address(address)
    memory.owner = owner  # type: ignore[attr-defined]
    return np.frombuffer(memoryview(memory).toreadonly(), np.uint8)


class Tensor:
    """A tensor of an open file. Its weights are loaded and checked when something asks for them."""

    def __init__(self, model: Owner, number: int):
        facts = TensorFacts(struct_byte_count=ctypes.sizeof(TensorFacts))
        call("momos_tensor_describe", model.pointer, number, ctypes.byref(facts))
        self._model = model
        self._number = number
        self._element_type = facts.element_type
        self._loaded: Owner | None = None
        self._matrices: dict[tuple[str, int], Owner] = {}
        self.name: str = facts.name.decode()
        self.shape: tuple[int, ...] = tuple(facts.dimensions[: facts.rank])
        #: "dense", "mosaic" or "alias".
        self.kind: str = KINDS[facts.kind]
        #: The class of a mosaic, for instance "s4k256".
        self.form: str | None = facts.form.decode() or None
        #: The tensor that an alias repeats.
        self.alias_target: str | None = facts.alias_target.decode() if facts.alias_target else None
        #: Bytes in the file, without dictionaries.
        self.stored_byte_count: int = facts.stored_byte_count
        #: Bits per weight in the file, the share of dictionaries included; None for aliases and empty tensors.
        self.bits: float | None = facts.bits or None
        #: [rows, columns] of a mosaic's matrix.
        self.matrix_shape: tuple[int, int] | None = (
            (facts.matrix_rows, facts.matrix_columns) if self.kind == "mosaic" else None
        )

    @property
    def dtype(self) -> np.dtype:
        """float32 for bfloat16, which numpy lacks."""
        return elements.DTYPES[self._element_type]

    @property
    def element_type(self) -> str:
        """As the commands name it, for instance "bf16"."""
        return elements.NAMES[self._element_type]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a scalar has no length")
        return self.shape[0]

    def __repr__(self) -> str:
        form = f" {self.form}" if self.form else ""
        return f"<momos.Tensor {self.name!r} {self.element_type}{list(self.shape)} {self.kind}{form}>"

    @property
    def _handle(self) -> Owner:
        if self._loaded is None:
            self._loaded = Owner(made("momos_tensor_load", self._model.pointer, self._number), "momos_tensor_free")
        return self._loaded

    def numpy(self) -> np.ndarray:
        """The weights, reconstructed where the tensor is a mosaic.

        Dense tensors are not copied: the array lies in the file and cannot be written.
        """
        stored = elements.stored_dtype(self._element_type)
        address = library().momos_tensor_view(self._handle.pointer)
        if address:
            view = _view(address, self.size * stored.itemsize, self._handle).view(stored)
            return elements.as_numbers(view, self._element_type).reshape(self.shape)
        array = np.empty(self.shape, stored)
        call("momos_tensor_read", self._handle.pointer, array.ctypes.data, array.nbytes)
        return elements.as_numbers(array, self._element_type)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        is_other = dtype is not None and self.dtype != dtype
        is_stored = self._element_type != elements.BFLOAT16 and library().momos_tensor_view(self._handle.pointer)
        if copy is False and (is_other or not is_stored):
            raise ValueError(f"{self!r} is no array without a copy")
        array = self.numpy()
        if is_other:
            return array.astype(dtype)
        return array.copy() if copy else array

    def rows(self, numbers: Any) -> np.ndarray:
        """Rows of the tensor, which its first dimension counts. Of a mosaic only these are reconstructed where they are
        rows of its matrix."""
        if not self.shape:
            raise IndexError("a scalar has no rows")
        numbers = np.asarray(numbers)
        if numbers.size and numbers.dtype.kind not in "iu":
            raise IndexError(f"expected integers, found {numbers.dtype}")
        count = self.shape[0]
        for number in (int(numbers.min()), int(numbers.max())) if numbers.size else ():
            if not -count <= number < count:
                raise IndexError(f"expected rows from -{count}, below {count}, found {number}")
        flat = np.ascontiguousarray(numbers, np.int64).ravel()
        flat = np.where(flat < 0, flat + count, flat)
        array = np.empty((flat.size, *self.shape[1:]), elements.stored_dtype(self._element_type))
        call(
            "momos_tensor_read_rows", self._handle.pointer, flat.ctypes.data, flat.size, array.ctypes.data, array.nbytes
        )
        return elements.as_numbers(array, self._element_type).reshape(*numbers.shape, *self.shape[1:])

    def __getitem__(self, key: Any) -> Any:
        """As numpy indexes arrays; rows of mosaics are reconstructed alone."""
        first = key[0] if isinstance(key, tuple) and key else key
        rest = key[1:] if isinstance(key, tuple) else ()
        if self.kind == "dense" or not self.shape:
            return self.numpy()[key]
        if isinstance(first, slice):
            return self.rows(np.arange(*first.indices(self.shape[0])))[(slice(None), *rest)]
        if isinstance(first, (int, np.integer)) and not isinstance(first, bool):
            # One row under a number: beside lists of numbers it is one of them.
            return self.rows([first])[(0, *rest)]
        if not rest and _is_integers(first):
            return self.rows(first)
        return self.numpy()[key]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.numpy())

    def __contains__(self, value: object) -> bool:
        return value in self.numpy()

    def multiply(self, vectors: Any, precision: str = "fast", threads: int = 0) -> np.ndarray:
        """y = W x for vectors x [columns] or [batch, columns], straight from the mosaic.

        `precision` bounds the relative error: "exact" 1e-5, "fast" 5e-4 (3e-3 for 16 vectors and more),
        "fastest" 3e-2.
        """
        options = _options(precision, threads)
        x = np.asarray(vectors)
        if x.dtype.kind not in "biuf":
            raise UsageError(f"expected real numbers, found {x.dtype}")
        if (precision, threads) not in self._matrices:
            pointer = made("momos_matrix_load", self._model.pointer, self._number, ctypes.byref(options))
            self._matrices[precision, threads] = Owner(pointer, "momos_matrix_free")
        matrix = self._matrices[precision, threads].pointer
        columns = library().momos_matrix_columns(matrix)
        if x.ndim not in (1, 2) or x.shape[-1] != columns:
            raise UsageError(f"expected [{columns}] or [batch, {columns}], found {list(x.shape)}")
        x = np.ascontiguousarray(x, np.float32)
        batch = x.shape[0] if x.ndim == 2 else 1
        y = np.empty((*x.shape[:-1], library().momos_matrix_rows(matrix)), np.float32)
        call("momos_matrix_multiply", matrix, batch, x.ctypes.data, x.size, y.ctypes.data, y.size)
        return y

    def __matmul__(self, vectors: Any) -> np.ndarray:
        """W @ x for x [columns] or [columns, batch], as numpy."""
        x = np.asarray(vectors)
        if x.ndim not in (1, 2):
            raise UsageError(f"expected [columns] or [columns, batch], found {list(x.shape)}")
        return self.multiply(x) if x.ndim == 1 else self.multiply(x.T).T


def _is_integers(value: Any) -> bool:
    array = np.asarray(value)
    return array.dtype.kind in "iu" and array.ndim > 0


@dataclass(frozen=True)
class Value:
    """An input or output of a graph."""

    name: str
    #: None where the graph does not say; float32 for bfloat16.
    dtype: np.dtype | None
    #: Sizes, names of sizes that are open, or None; None where the graph does not say.
    shape: tuple[int | str | None, ...] | None


def _as_type(array: np.ndarray, dtype: np.dtype, name: str) -> np.ndarray:
    """Numbers that Python wrote, in the type that the graph wants."""
    if array.size and array.dtype.kind not in "biuf":
        raise UsageError(f"input {name!r}: numbers of type {array.dtype} are not known")
    with np.errstate(invalid="ignore"):
        converted = array.astype(dtype)
    if dtype.kind != "f" and not np.array_equal(converted, array):
        raise UsageError(f"input {name!r}: expected numbers that {dtype} can hold, found others")
    return converted


class _Session:
    """A planned graph."""

    def __init__(self, model: Owner, options: ExecutionOptions):
        self.owner = Owner(made("momos_session_create", model.pointer, ctypes.byref(options)), "momos_session_free")
        self.inputs = self._values("input")
        self.outputs = self._values("output")

    def _values(self, kind: str) -> list[Value]:
        count = getattr(library(), f"momos_session_{kind}_count")(self.owner.pointer)
        return [self._value(kind, number) for number in range(count)]

    def _value(self, kind: str, number: int) -> Value:
        facts = ValueFacts(struct_byte_count=ctypes.sizeof(ValueFacts))
        call(f"momos_session_describe_{kind}", self.owner.pointer, number, ctypes.byref(facts))
        shape = None
        if facts.rank >= 0:
            sizes = (facts.dimensions[axis] for axis in range(facts.rank))
            shape = tuple(
                size if size >= 0 else facts.symbols[axis].decode() or None for axis, size in enumerate(sizes)
            )
        return Value(facts.name.decode(), elements.DTYPES.get(facts.element_type), shape)

    def run(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        if not isinstance(inputs, Mapping):
            raise UsageError(f"expected arrays by the names of inputs, found {type(inputs).__name__}")
        run = Owner(made("momos_run_create", self.owner.pointer), "momos_run_free")
        names = [value.name for value in self.inputs]
        for name, value in inputs.items():
            if name not in names:
                raise UsageError(f"the graph has no input {name!r}; its inputs are {', '.join(names)}")
            number = names.index(name)
            array = np.asarray(value)
            expected = self.inputs[number].dtype
            if isinstance(value, (list, tuple, bool, int, float)) and expected is not None:
                array = _as_type(array, expected, name)
            array = np.ascontiguousarray(array, array.dtype.newbyteorder("=")).reshape(array.shape)
            element_type = elements.NUMBERS.get(array.dtype)
            if element_type is None:
                raise UsageError(f"input {name!r}: numbers of type {array.dtype} are not known")
            sizes = (ctypes.c_int64 * array.ndim)(*array.shape)
            call(
                "momos_run_set_input", run.pointer, number, element_type, sizes, array.ndim, array.ctypes.data,
                array.nbytes,
            )  # fmt: skip
        call("momos_run_execute", run.pointer)
        return {value.name: self._output(run, number) for number, value in enumerate(self.outputs)}

    @staticmethod
    def _output(run: Owner, number: int) -> np.ndarray:
        output = Array(struct_byte_count=ctypes.sizeof(Array))
        call("momos_run_output", run.pointer, number, ctypes.byref(output))
        shape = tuple(output.dimensions[: output.rank])
        stored = _view(output.data, output.byte_count, run).view(elements.stored_dtype(output.element_type))
        return elements.as_numbers(stored, output.element_type).reshape(shape)


class Model(Mapping[str, Tensor]):
    """An open .momos file: a mapping from names to tensors, and a graph to run where it has one.

    Closing it forgets the file; arrays that were made of it stay valid. Any number of threads may use it.
    """

    def __init__(self, owner: Owner):
        self._owner: Owner | None = owner
        count = library().momos_tensor_count(owner.pointer)
        self._tensors = {tensor.name: tensor for tensor in (Tensor(owner, number) for number in range(count))}
        self._sessions: dict[tuple[str, int], _Session] = {}

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._owner = None
        self._tensors = {}
        self._sessions = {}

    @property
    def _model(self) -> Owner:
        if self._owner is None:
            raise UsageError("the model is closed")
        return self._owner

    def __getitem__(self, name: str) -> Tensor:
        self._model
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        self._model
        return iter(self._tensors)

    def __len__(self) -> int:
        self._model
        return len(self._tensors)

    def __repr__(self) -> str:
        return f"<momos.Model of {len(self)} tensors>" if self._owner else "<momos.Model, closed>"

    def __reduce__(self) -> Any:
        raise TypeError("an open model is not copied or pickled; open its file where it is needed")

    @property
    def graph(self) -> dict[str, Any] | None:
        """The graph as JSON has it; None for weights alone."""
        text = taken_text(made("momos_graph", self._model.pointer))
        return None if text is None else json.loads(text)

    def inspect(self, check: bool = False) -> dict[str, Any]:
        """What `momos-inspect --json` says; with `check` every digest, index and value is checked."""
        text = taken_text(made("momos_inspect", self._model.pointer, int(check)))
        return json.loads(text or "{}")

    def check(self) -> None:
        """Checks every digest, index and value.

        Raises:
            BadDataError: for the first that is wrong.
        """
        call("momos_check", self._model.pointer)

    def _session(self, precision: str = "fast", threads: int = 0) -> _Session:
        options = _options(precision, threads)
        if (precision, threads) not in self._sessions:
            self._sessions[precision, threads] = _Session(self._model, options)
        return self._sessions[precision, threads]

    @property
    def inputs(self) -> list[Value]:
        """Of the graph, which is planned for that."""
        return self._session().inputs

    @property
    def outputs(self) -> list[Value]:
        return self._session().outputs

    def run(self, inputs: Mapping[str, Any], precision: str = "fast", threads: int = 0) -> dict[str, np.ndarray]:
        """Executes the graph directly from the mosaics.

        Args:
            inputs: an array for every input of the graph, by name. Lists of numbers get the type that the graph wants.
            precision: "exact", "fast" or "fastest".
            threads: 0 takes one for each processor; results do not depend on it.

        Returns:
            An array for every output, by name; they cannot be written.
        """
        return self._session(precision, threads).run(inputs)


def open(file: str | os.PathLike[str] | bytes | bytearray | memoryview, load: str = "map") -> Model:
    """Opens a .momos file: its structure is checked, its weights are not touched.

    Args:
        file: a path, or the file's bytes, which are not copied where they start at a multiple of 64 and must not change.
        load: "map" uses the file in place, "copy" reads it first.
    """
    if load not in LOAD_MODES:
        raise UsageError(f"expected one of {', '.join(LOAD_MODES)}, found {load!r}")
    if isinstance(file, (bytes, bytearray, memoryview)):
        return _open_memory(np.frombuffer(file, np.uint8))
    path = os.fsencode(file)
    if b"\0" in path:
        raise UsageError(f"a path has no zero byte, found {file!r}")
    pointer = made("momos_open", path, LOAD_MODES[load])
    return Model(Owner(pointer, "momos_model_free"))


# Memory that models use, by the number of its opening.
_memory: dict[int, np.ndarray] = {}
_openings = itertools.count(1)


@Release
def _release(_: int, opening: int) -> None:
    _memory.pop(opening, None)


def _open_memory(content: np.ndarray) -> Model:
    if content.size == 0:
        raise BadDataError("expected a file of at least 64 bytes, found none")
    opening = next(_openings)
    _memory[opening] = content
    pointer = made("momos_open_memory", content.ctypes.data, content.size, _release, opening)
    return Model(Owner(pointer, "momos_model_free"))
