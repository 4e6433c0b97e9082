"""Loads tensors: the L rules, and reconstruction by section 7 of the specification."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np

from .elements import BOOL, DTYPES, INT8, from_float32, to_float32, widened
from .errors import require
from .geometry import (
    ALIAS, COPY, DENSE, FLAT, arranged_shape, block_count, index_width, matrix_shape, outlier_index_type,
    part_shape, stored_motif_count,
)
from .layouts import unpack

if TYPE_CHECKING:
    from .container import File


def reconstruct(file: File, tensor: SimpleNamespace) -> np.ndarray:
    """The tensor's values in its own shape and type; bfloat16 as bit patterns."""
    if tensor.kind == ALIAS:
        tensor = file.header.tensors[tensor.alias_of - 1]
    if tensor.kind == DENSE:
        return _dense(file, tensor)
    matrix = _copied(file, tensor) if tensor.composition == COPY else _summed(file, tensor)
    return _undo_view(matrix, tensor)


@dataclass
class StageMosaic:
    """A stage of a part as it is stored."""

    # Number of the dictionary, from 1.
    dictionary: int
    # The motif of every block, [rows, blocks].
    indices: np.ndarray


@dataclass
class PartMosaic:
    """Rows and columns of a tensor's matrix that are encoded together."""

    rows: np.ndarray
    columns: np.ndarray
    stages: list[StageMosaic]


def part_mosaics(file: File, tensor: SimpleNamespace) -> list[PartMosaic]:
    """The mosaics of a tensor, none for one that is dense."""
    if tensor.kind == ALIAS:
        tensor = file.header.tensors[tensor.alias_of - 1]
    if tensor.kind == DENSE:
        return []
    parts = []
    for part in tensor.parts:
        shape = part_shape(tensor, part)
        rows = _positions(file, part.rows_section, matrix_shape(tensor)[0])
        columns = _positions(file, part.columns_section, matrix_shape(tensor)[1])
        stages = [
            StageMosaic(stage.dictionary, _indices(file, stage, file.header.dictionaries[stage.dictionary - 1], shape))
            for stage in part.stages
        ]
        parts.append(PartMosaic(rows, columns, stages))
    return parts


def motif_table(file: File, number: int) -> np.ndarray:
    """The motifs of a dictionary by index in float32, [motifs, motif length]."""
    dictionary = file.header.dictionaries[number - 1]
    return _motif_table(dictionary, _in_float32(dictionary, _stored_motifs(file, dictionary)))


def _dense(file: File, tensor: SimpleNamespace) -> np.ndarray:
    if not tensor.section:
        return np.zeros(tensor.dimensions, _result_type(tensor))
    stored_type = tensor.stored_element_type or tensor.element_type
    values = np.frombuffer(file.section_bytes(tensor.section), DTYPES[stored_type])
    if tensor.element_type == BOOL:
        require(values.max() <= 1, "T-06", f"a bool is {values.max()}")
    values = widened(values, stored_type, tensor.element_type)
    return values.reshape(tensor.dimensions).astype(_result_type(tensor))


def _result_type(tensor: SimpleNamespace) -> np.dtype:
    return np.dtype(np.bool_) if tensor.element_type == BOOL else DTYPES[tensor.element_type]


def _summed(file: File, tensor: SimpleNamespace) -> np.ndarray:
    """Composition SUM: the matrix in the tensor's element type."""
    shape = matrix_shape(tensor)
    matrix = np.zeros(shape, np.float32)
    is_covered = np.zeros(shape, bool)
    for part in tensor.parts:
        rows = _positions(file, part.rows_section, shape[0])
        columns = _positions(file, part.columns_section, shape[1])
        where = np.ix_(rows, columns)
        require(not is_covered[where].any(), "M-07", "two parts cover the same weight")
        is_covered[where] = True
        matrix[where] = _part_values(file, part, (len(rows), len(columns)))
    _add_outliers(file, tensor, matrix)
    return from_float32(matrix, tensor.element_type)


def _positions(file: File, section: int | None, count: int) -> np.ndarray:
    """A row or column list; without a section all of `0..<count`."""
    if not section:
        return np.arange(count)
    positions = np.frombuffer(file.section_bytes(section), "<u4").astype(np.int64)
    is_ascending = bool(np.all(np.diff(positions) > 0))
    require(is_ascending and positions[-1] < count, "M-06", f"section {section} is no list inside {count}")
    return positions


def _part_values(file: File, part: SimpleNamespace, shape: tuple[int, int]) -> np.ndarray:
    """The float32 matrix [r, c] of a part."""
    values = np.zeros(shape, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for stage in part.stages:
            values = values + _stage_values(file, stage, shape)
        if part.row_scale_section:
            return _row_scales(file, part)[:, None] * values
    return values


def _stage_values(file: File, stage: SimpleNamespace, shape: tuple[int, int]) -> np.ndarray:
    """The float32 matrix [r, c] that one stage contributes."""
    dictionary = file.header.dictionaries[stage.dictionary - 1]
    length = dictionary.block_length
    table = _motif_table(dictionary, _in_float32(dictionary, _stored_motifs(file, dictionary)))
    motifs = table[_indices(file, stage, dictionary, shape)]
    values = motifs[:, :, :length].copy()
    if dictionary.motif_length > length:
        values[:, 1:] += motifs[:, :-1, length:]
    return values.reshape(shape[0], -1)[:, : shape[1]]


def _stored_motifs(file: File, dictionary: SimpleNamespace) -> np.ndarray:
    """The stored motifs [stored count, motif length] in the dictionary's element type."""
    raw = file.section_bytes(dictionary.section)
    motifs = np.frombuffer(raw, DTYPES[dictionary.element_type]).reshape(-1, dictionary.motif_length)
    is_finite = bool(np.all(np.isfinite(_in_float32(dictionary, motifs))))
    require(is_finite, "D-06", "a dictionary value is not finite")
    if dictionary.zero_motif:
        require(not any(motifs[0].tobytes()), "D-07", "motif 0 is not zero")
    return motifs


def _in_float32(dictionary: SimpleNamespace, motifs: np.ndarray) -> np.ndarray:
    """A dictionary's values in float32, multiplied by its scale."""
    values = to_float32(motifs, dictionary.element_type)
    if dictionary.element_type != INT8:
        return values
    with np.errstate(over="ignore"):
        return values * np.float32(dictionary.scale)


def _motif_table(dictionary: SimpleNamespace, stored: np.ndarray) -> np.ndarray:
    """The motif of every index that names one [2^w, motif length]; the rest is never looked up."""
    table = np.zeros((1 << index_width(dictionary), dictionary.motif_length), stored.dtype)
    table[: len(stored)] = stored
    if dictionary.antipodal:
        sign = len(table) // 2
        if stored.dtype.kind == "f":
            table[sign : sign + len(stored)] = -stored
        else:
            table[sign : sign + len(stored)] = stored ^ stored.dtype.type(1 << (8 * stored.itemsize - 1))
    return table


def _indices(
    file: File, stage: SimpleNamespace, dictionary: SimpleNamespace, shape: tuple[int, int]
) -> np.ndarray:
    """The mosaic [r, blocks] of a stage."""
    rows, blocks = shape[0], block_count(shape[1], dictionary)
    width = index_width(dictionary)
    if width == 0:
        return np.zeros((rows, blocks), np.int64)
    padded = unpack(file.section_bytes(stage.mosaic_section), stage.layout or 0, rows, blocks, dictionary)
    indices = padded[:rows, :blocks]
    motifs = indices & ~(1 << (width - 1)) if dictionary.antipodal else indices
    highest = int(motifs.max())
    require(highest < stored_motif_count(dictionary), "M-12", f"index {highest} names no motif")
    is_padding_zero = not padded[rows:].any() and not padded[:, blocks:].any()
    require(is_padding_zero, "M-13", "spare bits or padding indices are not zero")
    return indices


def _row_scales(file: File, part: SimpleNamespace) -> np.ndarray:
    raw = file.section_bytes(part.row_scale_section)
    scales = np.frombuffer(raw, DTYPES[part.row_scale_element_type]).astype(np.float32)
    require(bool(np.all(np.isfinite(scales))), "M-15", "a row scale is not finite")
    return scales


def _add_outliers(file: File, tensor: SimpleNamespace, matrix: np.ndarray) -> None:
    """Adds the outliers to the float32 matrix, in place."""
    if not tensor.outlier_section:
        return
    raw = file.section_bytes(tensor.outlier_section)
    count = tensor.outlier_count
    index_type = outlier_index_type(tensor)
    numbers = np.frombuffer(raw, index_type, 2 * count).astype(np.int64)
    values = np.frombuffer(raw, "<f2", count, offset=2 * count * index_type.itemsize).astype(np.float32)
    rows, columns = numbers[:count], numbers[count:]
    is_inside = rows.max() < matrix.shape[0] and columns.max() < matrix.shape[1]
    is_ascending = bool(np.all(np.diff(rows * (1 << 31) + columns) > 0))
    require(is_inside and is_ascending, "M-17", "outliers are not ascending inside the matrix")
    require(bool(np.all(np.isfinite(values))), "M-17", "an outlier is not finite")
    with np.errstate(over="ignore", invalid="ignore"):
        matrix[rows, columns] += values


def _copied(file: File, tensor: SimpleNamespace) -> np.ndarray:
    """Composition COPY: the matrix, every weight a motif value bit for bit."""
    shape = part_shape(tensor, tensor.parts[0])
    stage = tensor.parts[0].stages[0]
    dictionary = file.header.dictionaries[stage.dictionary - 1]
    motifs = _stored_motifs(file, dictionary)
    patterns = motifs.view(f"<u{motifs.itemsize}")
    table = _motif_table(dictionary, patterns)
    blocks = table[_indices(file, stage, dictionary, shape)]
    return blocks.reshape(shape[0], -1)[:, : shape[1]].copy().view(DTYPES[tensor.element_type])


def _undo_view(matrix: np.ndarray, tensor: SimpleNamespace) -> np.ndarray:
    """The matrix as the tensor of the source: reshaped, its axes in their own order."""
    if tensor.blocking == FLAT or not tensor.permutation:
        return matrix.reshape(tensor.dimensions)
    arranged = matrix.reshape(arranged_shape(tensor))
    return np.ascontiguousarray(arranged.transpose(np.argsort(tensor.permutation)))
