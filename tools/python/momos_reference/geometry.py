"""Shapes and counts that follow from the header alone (section 6)."""

from math import prod
from types import SimpleNamespace

import numpy as np

DENSE, MOSAIC, ALIAS = 1, 2, 3
ROWS, FLAT = 0, 1
SUM, COPY = 0, 1


def arranged_shape(tensor: SimpleNamespace) -> list[int]:
    """The dimensions in the order of the matrix view."""
    return [tensor.dimensions[axis] for axis in tensor.permutation or range(len(tensor.dimensions))]


def matrix_shape(tensor: SimpleNamespace) -> tuple[int, int]:
    """Rows and columns of the fitted matrix."""
    if tensor.blocking == FLAT:
        return 1, prod(tensor.dimensions)
    arranged = arranged_shape(tensor)
    row_axes = tensor.row_axes or 0
    return prod(arranged[:row_axes]), prod(arranged[row_axes:])


def part_shape(tensor: SimpleNamespace, part: SimpleNamespace) -> tuple[int, int]:
    """Rows and columns of a part."""
    rows, columns = matrix_shape(tensor)
    return part.row_count or rows, part.column_count or columns


def block_count(columns: int, dictionary: SimpleNamespace) -> int:
    """Blocks in a row."""
    return -(-columns // dictionary.block_length)


def index_width(dictionary: SimpleNamespace) -> int:
    """Bits of an index: ceil(log2(motif count))."""
    return (dictionary.motif_count - 1).bit_length()


def stored_motif_count(dictionary: SimpleNamespace) -> int:
    """Motifs in the dictionary's section."""
    return dictionary.motif_count // 2 if dictionary.antipodal else dictionary.motif_count


def outlier_index_type(tensor: SimpleNamespace) -> np.dtype:
    """The type of outliers' row and column numbers."""
    return np.dtype("<u2") if max(matrix_shape(tensor)) <= 65_536 else np.dtype("<u4")
