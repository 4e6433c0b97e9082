"""libmomos.so.1: the functions of momos.h by ctypes.

The library lies in the package; `MOMOS_LIBRARY` names another one, and where there is neither the system's is taken.
"""

from __future__ import annotations

import ctypes
import functools
import os
import pathlib
from ctypes import POINTER, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_void_p
from typing import Any, Callable

from momos.errors import BY_STATUS, MomosError

ABI_VERSION = 1
LOAD_MODES = {"map": 0, "copy": 1}
PRECISIONS = {"fast": 0, "exact": 1, "fastest": 2}
KINDS = {1: "dense", 2: "mosaic", 3: "alias"}


class TensorFacts(ctypes.Structure):
    _fields_ = [
        ("struct_byte_count", c_size_t),
        ("name", c_char_p),
        ("alias_target", c_char_p),
        ("form", c_char_p),
        ("kind", c_int32),
        ("element_type", c_int32),
        ("rank", c_size_t),
        ("dimensions", POINTER(c_int64)),
        ("element_count", c_size_t),
        ("byte_count", c_size_t),
        ("stored_byte_count", c_size_t),
        ("bits", c_double),
        ("matrix_rows", c_int64),
        ("matrix_columns", c_int64),
    ]


class ValueFacts(ctypes.Structure):
    _fields_ = [
        ("struct_byte_count", c_size_t),
        ("name", c_char_p),
        ("element_type", c_int32),
        ("rank", c_int32),
        ("dimensions", POINTER(c_int64)),
        ("symbols", POINTER(c_char_p)),
    ]


class Array(ctypes.Structure):
    _fields_ = [
        ("struct_byte_count", c_size_t),
        ("element_type", c_int32),
        ("rank", c_size_t),
        ("dimensions", POINTER(c_int64)),
        ("data", c_void_p),
        ("byte_count", c_size_t),
    ]


class ExecutionOptions(ctypes.Structure):
    _fields_ = [("struct_byte_count", c_size_t), ("precision", c_int32), ("thread_count", c_int32)]


Release = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
Progress = ctypes.CFUNCTYPE(c_int32, c_char_p, c_double, c_void_p)

# Functions that give a status, with the types of their arguments.
CHECKED: dict[str, list[Any]] = {
    "momos_open": [c_char_p, c_int32, POINTER(c_void_p)],
    "momos_open_memory": [c_void_p, c_size_t, Release, c_void_p, POINTER(c_void_p)],
    "momos_check": [c_void_p],
    "momos_inspect": [c_void_p, c_int32, POINTER(c_void_p)],
    "momos_graph": [c_void_p, POINTER(c_void_p)],
    "momos_tensor_describe": [c_void_p, c_size_t, POINTER(TensorFacts)],
    "momos_tensor_load": [c_void_p, c_size_t, POINTER(c_void_p)],
    "momos_tensor_read": [c_void_p, c_void_p, c_size_t],
    "momos_tensor_read_rows": [c_void_p, c_void_p, c_size_t, c_void_p, c_size_t],
    "momos_matrix_load": [c_void_p, c_size_t, POINTER(ExecutionOptions), POINTER(c_void_p)],
    "momos_matrix_multiply": [c_void_p, c_size_t, c_void_p, c_size_t, c_void_p, c_size_t],
    "momos_session_create": [c_void_p, POINTER(ExecutionOptions), POINTER(c_void_p)],
    "momos_session_describe_input": [c_void_p, c_size_t, POINTER(ValueFacts)],
    "momos_session_describe_output": [c_void_p, c_size_t, POINTER(ValueFacts)],
    "momos_run_create": [c_void_p, POINTER(c_void_p)],
    "momos_run_set_input": [c_void_p, c_size_t, c_int32, c_void_p, c_size_t, c_void_p, c_size_t],
    "momos_run_execute": [c_void_p],
    "momos_run_output": [c_void_p, c_size_t, POINTER(Array)],
    "momos_convert": [c_char_p, Progress, c_void_p, POINTER(c_void_p)],
    "momos_verify": [c_char_p, Progress, c_void_p, POINTER(c_void_p)],
}

# The others, with the type of the result.
PLAIN: dict[str, tuple[Any, list[Any]]] = {
    "momos_version": (c_char_p, []),
    "momos_abi_version": (c_int32, []),
    "momos_format_version": (c_char_p, []),
    "momos_error_text": (c_char_p, []),
    "momos_model_free": (None, [c_void_p]),
    "momos_text_free": (None, [c_void_p]),
    "momos_tensor_count": (c_size_t, [c_void_p]),
    "momos_tensor_free": (None, [c_void_p]),
    "momos_tensor_view": (c_void_p, [c_void_p]),
    "momos_matrix_free": (None, [c_void_p]),
    "momos_matrix_rows": (c_size_t, [c_void_p]),
    "momos_matrix_columns": (c_size_t, [c_void_p]),
    "momos_session_free": (None, [c_void_p]),
    "momos_session_input_count": (c_size_t, [c_void_p]),
    "momos_session_output_count": (c_size_t, [c_void_p]),
    "momos_run_free": (None, [c_void_p]),
}


def _path() -> str:
    chosen = os.environ.get("MOMOS_LIBRARY")
    if chosen:
        return chosen
    packaged = pathlib.Path(__file__).with_name("lib") / "libmomos.so.1"
    return str(packaged) if packaged.exists() else "libmomos.so.1"


@functools.lru_cache(maxsize=None)
def library() -> ctypes.CDLL:
    """The library, loaded on first use.

    Raises:
        MomosError: if there is none, or one of another version.
    """
    try:
        loaded = ctypes.CDLL(_path())
        version = loaded.momos_abi_version()
    except (OSError, AttributeError) as error:
        raise MomosError(f"cannot load libmomos.so.1 (pip install builds it, MOMOS_LIBRARY names one): {error}") from None
    if version != ABI_VERSION:
        raise MomosError(f"expected version {ABI_VERSION} of momos.h, found {version}")
    for name, arguments in CHECKED.items():
        function = getattr(loaded, name)
        function.argtypes, function.restype = arguments, c_int32
    for name, (result, arguments) in PLAIN.items():
        function = getattr(loaded, name)
        function.argtypes, function.restype = arguments, result
    return loaded


def error_text() -> str:
    """What the last call of this thread that failed has to say."""
    return library().momos_error_text().decode()


def check(status: int) -> None:
    """Raises the error of a status, with the library's text."""
    if status != 0:
        raise BY_STATUS.get(status, MomosError)(error_text())


def call(name: str, *arguments: Any) -> None:
    """Calls a function that gives a status."""
    check(getattr(library(), name)(*arguments))


def made(name: str, *arguments: Any) -> c_void_p:
    """What a function makes through its last argument."""
    result = c_void_p()
    call(name, *arguments, ctypes.byref(result))
    return result


def taken_text(pointer: c_void_p) -> str | None:
    """A text that the library made, which is freed; None for NULL."""
    if not pointer.value:
        return None
    try:
        return ctypes.string_at(pointer.value).decode()
    finally:
        library().momos_text_free(pointer)


class Owner:
    """An object of the library, freed with the last reference to it."""

    def __init__(self, pointer: c_void_p, free: str):
        self.pointer = pointer
        self._free: Callable[[c_void_p], None] = getattr(library(), free)

    def __del__(self) -> None:
        pointer, self.pointer = getattr(self, "pointer", None), c_void_p()
        if pointer:
            self._free(pointer)

    def __reduce__(self) -> Any:
        raise TypeError("what lies in an open file is not copied or pickled; numpy() makes an array, or open the file again")


def library_version() -> str:
    return library().momos_version().decode()


def format_version() -> str:
    """The version of the format that the library reads and writes."""
    return library().momos_format_version().decode()
