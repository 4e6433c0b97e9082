"""Conversion and verification, and whole files as dictionaries of arrays."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from ctypes import byref, c_void_p
from typing import Any, Union

import numpy as np

from momos.errors import UsageError, VerificationError
from momos.library import Progress, check, error_text, library, taken_text
from momos.model import open as open_model

Path = Union[str, "os.PathLike[str]"]
Tensors = Mapping[str, Any]
#: Called with what is being done and the share of it that is done, 0 to 1; what it raises ends the work.
Report = Callable[[str, float], None]


def convert(
    source: Path | Sequence[Path] | Tensors,
    output: Path | None = None,
    *,
    graph: Path | Mapping[str, Any] | None = None,
    calibration: Path | Sequence[Path] | Tensors = (),
    progress: bool | Report = True,
    **options: Any,
) -> dict[str, Any]:
    """Converts weights, and a graph where there is one, into a .momos file.

    Args:
        source: files and folders in the spellings of `momos-convert`, or arrays by name.
        output: the file to write; None plans only and tells what would be written.
        graph: a file with a graph in JSON, or its content.
        calibration: samples of the graph's inputs: files, or arrays by input with samples along the first axis.
        progress: True shows a bar where tqdm is installed and stderr is a terminal; a function is told instead.
        options: the long options of `momos-convert` with _ for -, for instance `bits=2`, `target_size="10MB"`,
            `effort="max"`, `force=True`. Without a goal, at most 4 bits per weight.

    Returns:
        The report that the command prints with --json.
    """
    with tempfile.TemporaryDirectory(prefix="momos-") as folder:
        values = dict(options)
        values["source"] = _sources(source, folder)
        values["output"] = None if output is None else os.fspath(output)
        values["calibration"] = _arrays(calibration, folder)
        if isinstance(graph, Mapping):
            path = pathlib.Path(folder) / "graph.json"
            path.write_text(json.dumps(graph))
            graph = path
        values["graph"] = None if graph is None else os.fspath(graph)
        status, report = _work("momos_convert", values, progress)
    check(status)
    return report


def verify(
    file: Path,
    source: Path | Sequence[Path] | Tensors = (),
    *,
    input: Mapping[str, Any] | None = None,
    labels: Any = None,
    progress: bool | Report = True,
    accept: bool = False,
    **options: Any,
) -> dict[str, Any]:
    """Compares a .momos file with its source, and its execution with its weights.

    Args:
        file: the .momos file.
        source: what it was made from, as for `convert`; nothing compares the file with itself.
        input: a file or an array for every input of the graph; outputs are compared then.
        labels: a file or an array with the class of each sample, for accuracy.
        progress: as for `convert`.
        accept: returns the report also of what is not verified.
        options: the long options of `momos-verify` with _ for -, for instance `min_cosine=0.99`.

    Returns:
        The report that the command prints with --json.

    Raises:
        VerificationError: for a difference that is not accepted; it holds the report.
    """
    if not isinstance(input, (Mapping, type(None))):
        raise UsageError(f"input: expected files or arrays by the names of inputs, found {type(input).__name__}")
    with tempfile.TemporaryDirectory(prefix="momos-") as folder:
        values = dict(options)
        values["file"] = os.fspath(file)
        values["source"] = _sources(source, folder)
        values["input"] = {name: _array(value, folder, f"input-{number}") for number, (name, value) in
                           enumerate((input or {}).items())}  # fmt: skip
        values["labels"] = None if labels is None else _array(labels, folder, "labels")
        status, report = _work("momos_verify", values, progress)
    if status == VerificationError.status:
        if accept:
            return report
        raise VerificationError(error_text(), report)
    check(status)
    return report


def save_file(tensors: Tensors, path: Path, **options: Any) -> dict[str, Any]:
    """Writes arrays into a .momos file, which is replaced. This is compression: matrices get at most 4 bits per weight
    unless `options`, as for `convert`, say otherwise (`dense=".*"` keeps every bit).

    Returns:
        The report of the conversion.
    """
    return convert(tensors, path, **{"progress": False, "force": True, **options})


def load_file(path: Path) -> dict[str, np.ndarray]:
    """All tensors of a .momos file as arrays, mosaics reconstructed. Dense ones lie in the file and cannot be written."""
    with open_model(path) as model:
        return {name: tensor.numpy() for name, tensor in model.items()}


def _plain(value: Any) -> Any:
    """What JSON has for paths and the numbers and arrays of numpy."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise UsageError(f"options: {type(value).__name__} is not known: {value!r}")


def _sources(source: Path | Sequence[Path] | Tensors, folder: str) -> list[str]:
    if isinstance(source, Mapping):
        path = f"{folder}/source.npz"
        # Not np.savez, whose own parameters would be no names of tensors.
        with zipfile.ZipFile(path, "w") as archive:
            for name, value in source.items():
                if not isinstance(name, str) or "\0" in name or not 0 < len(name.encode(errors="replace")) <= 1024:
                    raise UsageError(f"expected texts of 1 to 1024 bytes as names of tensors, found {name!r:.80}")
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, _numbers(value, f"tensor {name!r}"), allow_pickle=False)
        return [path]
    return _paths(source)


def _arrays(samples: Path | Sequence[Path] | Tensors, folder: str) -> list[str]:
    if isinstance(samples, Mapping):
        return [f"{name}={_array(value, folder, f'sample-{number}')}" for number, (name, value) in
                enumerate(samples.items())]  # fmt: skip
    return _paths(samples)


def _array(value: Any, folder: str, name: str) -> str:
    """The file that holds an array."""
    if isinstance(value, (str, os.PathLike)):
        return os.fspath(value)
    path = f"{folder}/{name}.npy"
    np.save(path, _numbers(value, name), allow_pickle=False)
    return path


def _numbers(value: Any, name: str) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise UsageError(f"{name}: numbers of type {array.dtype} are not known")
    return array


def _paths(paths: Path | Sequence[Path]) -> list[str]:
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else paths
    if not isinstance(listed, Sequence) or not all(isinstance(path, (str, os.PathLike)) for path in listed):
        raise UsageError(f"expected a path, a list of paths or arrays by name, found {type(paths).__name__}: {paths!r:.80}")
    return [os.fspath(path) for path in listed]


def _work(function: str, options: Mapping[str, Any], progress: bool | Report) -> tuple[int, dict[str, Any]]:
    """Calls a function of work. What the progress function raises goes on from here."""
    raised: list[BaseException] = []
    with _reporter(progress) as tell:

        @Progress
        def report_progress(phase: bytes, share: float, _: Any) -> int:
            try:
                if not raised:
                    tell(phase.decode(), share)
            except BaseException as error:  # No exception may cross C.
                raised.append(error)
            return 1 if raised else 0

        content, text = json.dumps(options, default=_plain).encode(), c_void_p()
        with _signals_noted(raised):
            status = getattr(library(), function)(content, report_progress, None, byref(text))
    report = taken_text(text)
    if raised:
        raise raised[0]
    return status, json.loads(report) if report else {}


@contextlib.contextmanager
def _signals_noted(raised: list[BaseException]) -> Iterator[None]:
    """Inside, what the handlers of signals raise is noted, Ctrl-C above all: Python calls them where a function begins, and
    what is raised there in a function that C calls is lost."""

    def noting(handler: Callable[[int, Any], Any]) -> Callable[[int, Any], None]:
        def note(number: int, frame: Any) -> None:
            try:
                handler(number, frame)
            except BaseException as error:
                raised.append(error)

        return note

    handlers: dict[int, Any] = {}
    # Python calls handlers in this thread alone.
    if threading.current_thread() is threading.main_thread():
        handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    try:
        for number, handler in handlers.items():
            signal.signal(number, noting(handler))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _reporter(progress: bool | Report) -> Iterator[Report]:
    if callable(progress):
        yield progress
        return
    bars: dict[str, Any] = {}

    def show(phase: str, share: float) -> None:
        if phase not in bars:
            bars[phase] = tqdm(total=100, desc=phase, unit="%", leave=False, disable=None)
        bars[phase].update(round(100 * share) - bars[phase].n)

    try:
        from tqdm import tqdm
    except ImportError:
        progress = False
    try:
        yield show if progress else lambda phase, share: None
    finally:
        for bar in bars.values():
            bar.close()
