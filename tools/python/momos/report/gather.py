"""What a report tells: the answers of the commands, and the arrays that the figures draw."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import momos_reference
from momos_reference.tensors import PartMosaic


class ReportError(Exception):
    """Why there is no report, in one line."""


@dataclass
class Subject:
    """A file with everything that its report tells."""

    path: Path
    # The JSON of momos-inspect.
    inspection: dict
    # The JSON of momos-verify; None without a source and inputs.
    verification: dict | None = None
    # Names of tensors that are mosaics, in the order of the file.
    fitted: list[str] = field(default_factory=list)
    # Of each dictionary the motifs by index, [motifs, motif length].
    motifs: dict[int, np.ndarray] = field(default_factory=dict)
    # Of each dictionary how many blocks have each motif, [motifs].
    usage: dict[int, np.ndarray] = field(default_factory=dict)
    # The tensor whose mosaic is drawn, and its parts.
    drawn: str | None = None
    parts: list[PartMosaic] = field(default_factory=list)
    # Sizes of weights and of their errors, both relative to the root mean square of their tensor; with a source.
    magnitudes: np.ndarray | None = None
    errors: np.ndarray | None = None


# Weights of one tensor whose errors are drawn: more would not change the picture.
_ERROR_SAMPLE_COUNT = 1 << 18


def gather(
    path: Path, sources: Sequence[str] = (), inputs: Sequence[str] = (), tensor: str | None = None,
    commands: Path | None = None,
) -> Subject:
    """Reads a file and asks the commands about it.

    Args:
        path: the .momos file.
        sources: what it was made from, in any form that momos-convert takes.
        inputs: values of graph inputs as NAME=FILE.npy.
        tensor: whose mosaic is drawn; the largest one if not given.
        commands: the folder of the commands; those on the PATH if not given.

    Raises:
        ReportError: a command is missing or refuses, or the tensor is no mosaic.
    """
    tools = _Commands(commands)
    subject = Subject(path, json.loads(tools.output("momos-inspect", path, "--json")))
    if sources or inputs:
        values = [f"--input={value}" for value in inputs]
        found = tools.output("momos-verify", *sources, path, "--json", *values, allowed=(0, 1))
        subject.verification = json.loads(found)
    try:
        file = momos_reference.open(path)
        _add_arrays(subject, file, tensor)
        if sources:
            with tempfile.TemporaryDirectory() as folder:
                dense = Path(folder) / "dense.momos"
                tools.output("momos-convert", *sources, "-o", dense, "--dense", ".*", "--allow-nonfinite", "--json")
                _add_errors(subject, file, momos_reference.open(dense))
    except momos_reference.MomosError as error:
        raise ReportError(f"{path}: {error}") from error
    return subject


def _add_arrays(subject: Subject, file: momos_reference.File, tensor: str | None) -> None:
    weights = {entry["name"]: entry["weight_count"] for entry in subject.inspection["tensors"] if entry["kind"] == "mosaic"}
    subject.fitted = list(weights)
    if tensor is not None and tensor not in weights:
        raise ReportError(f"tensor '{tensor}' is no mosaic of {subject.path}")
    subject.drawn = tensor or max(weights, key=weights.get, default=None)
    counts: dict[int, np.ndarray] = {}
    for name in subject.fitted:
        parts = file.parts(name)
        if name == subject.drawn:
            subject.parts = parts
        for stage in (stage for part in parts for stage in part.stages):
            if stage.dictionary not in subject.motifs:
                subject.motifs[stage.dictionary] = file.motifs(stage.dictionary)
            found = np.bincount(stage.indices.ravel(), minlength=len(subject.motifs[stage.dictionary]))
            counts[stage.dictionary] = counts.get(stage.dictionary, 0) + found
    subject.usage = dict(sorted(counts.items()))


def _add_errors(subject: Subject, file: momos_reference.File, source: momos_reference.File) -> None:
    """Compares the mosaics with the source's tensors of the same names and shapes."""
    magnitudes, errors = [], []
    for name in set(subject.fitted) & set(source.names):
        exact, found = (_floats(one, name) for one in (source, file))
        if exact.shape != found.shape or not np.any(exact):
            continue
        size = np.sqrt(np.mean(np.square(exact)))
        step = -(-exact.size // _ERROR_SAMPLE_COUNT)
        magnitudes.append(np.abs(exact[::step]) / size)
        errors.append(np.abs(found[::step] - exact[::step]) / size)
    if magnitudes:
        subject.magnitudes, subject.errors = np.concatenate(magnitudes), np.concatenate(errors)


def _floats(file: momos_reference.File, name: str) -> np.ndarray:
    values = file.tensor(name).ravel()
    if values.dtype == np.uint16:  # bfloat16 as bit patterns
        return (values.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return values.astype(np.float64)


class _Commands:
    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def output(self, name: str, *arguments, allowed: tuple[int, ...] = (0,)) -> str:
        found = shutil.which(name, path=None if self._folder is None else str(self._folder))
        if found is None:
            place = "on the PATH" if self._folder is None else f"in {self._folder}"
            raise ReportError(f"{name} is not {place}: install momos, or say --commands FOLDER")
        result = subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, check=False)
        if result.returncode not in allowed:
            lines = result.stderr.strip().splitlines() or [f"{name} ended with exit code {result.returncode}"]
            raise ReportError(lines[-1])
        return result.stdout
