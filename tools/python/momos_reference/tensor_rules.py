"""The O rules of tensors: T and M."""

from math import prod
from types import SimpleNamespace

from .elements import BFLOAT16, DTYPES, FLOAT16, FLOAT32, FLOAT64, FLOATING_POINT
from .errors import require
from .geometry import (
    ALIAS, COPY, DENSE, FLAT, MOSAIC, index_width, matrix_shape, outlier_index_type, part_shape,
)
from .layouts import is_suitable, mosaic_byte_count

RANK_LIMIT = 16
ELEMENT_LIMIT = 1 << 48
SIDE_LIMIT = (1 << 31) - 1
PART_LIMIT = 4_096
STAGE_LIMIT = 8
FIELDS = {
    DENSE: ("section", "stored_element_type"),
    ALIAS: ("alias_of",),
    MOSAIC: (
        "blocking", "composition", "permutation", "row_axes", "parts", "outlier_section", "outlier_count",
    ),
}
NARROWER = {FLOAT32: (FLOAT16, BFLOAT16), FLOAT64: (FLOAT16, BFLOAT16, FLOAT32)}


def check_tensor(header: SimpleNamespace, number: int) -> None:
    """Checks the O rules of tensor `number` (from 1)."""
    tensor = header.tensors[number - 1]
    what = f"tensor {tensor.name.decode()}"
    for kind, fields in FIELDS.items():
        is_bare = not any(getattr(tensor, field) not in (None, 0, []) for field in fields)
        require(kind == tensor.kind or is_bare, "T-01", f"{what} has fields of another kind")
    require(len(tensor.dimensions) <= RANK_LIMIT, "T-02", f"{what} has rank {len(tensor.dimensions)}")
    is_countable = prod(max(size, 1) for size in tensor.dimensions) <= ELEMENT_LIMIT
    require(is_countable, "T-02", f"{what} has dimensions {tensor.dimensions}")
    if tensor.kind == DENSE:
        _check_dense(header, tensor, what)
    elif tensor.kind == ALIAS:
        _check_alias(header, tensor, number, what)
    else:
        _check_mosaic(header, tensor, what)


def _raw_byte_count(header: SimpleNamespace, section: int | None) -> int:
    """The raw byte count of a section, 0 without one."""
    return header.sections[section - 1].raw_byte_count if section else 0


def _check_dense(header: SimpleNamespace, tensor: SimpleNamespace, what: str) -> None:
    stored_type = tensor.stored_element_type or tensor.element_type
    is_known = stored_type == tensor.element_type or stored_type in NARROWER.get(tensor.element_type, ())
    require(is_known, "T-04", f"{what} of type {tensor.element_type} is stored as {stored_type}")
    expected = prod(tensor.dimensions) * DTYPES[stored_type].itemsize
    found = _raw_byte_count(header, tensor.section)
    require(found == expected, "T-03", f"{what} has {found} bytes, expected {expected}")


def _check_alias(header: SimpleNamespace, tensor: SimpleNamespace, number: int, what: str) -> None:
    require(tensor.alias_of < number, "T-05", f"{what} is an alias of tensor {tensor.alias_of}")
    target = header.tensors[tensor.alias_of - 1]
    require(target.kind != ALIAS, "T-05", f"{what} is an alias of an alias")
    is_equal = (target.element_type, target.dimensions) == (tensor.element_type, tensor.dimensions)
    require(is_equal, "T-05", f"{what} differs from its target in type or shape")


def _check_mosaic(header: SimpleNamespace, tensor: SimpleNamespace, what: str) -> None:
    is_fitted = tensor.element_type in FLOATING_POINT and prod(tensor.dimensions) > 0
    require(is_fitted, "M-01", f"{what} is no mosaic of floating-point weights")
    rank = len(tensor.dimensions)
    is_permutation = not tensor.permutation or sorted(tensor.permutation) == list(range(rank))
    is_view = is_permutation and (tensor.row_axes or 0) <= rank
    require(is_view, "M-02", f"{what} has view {tensor.permutation}, {tensor.row_axes}")
    rows, columns = matrix_shape(tensor)
    require(max(rows, columns) <= SIDE_LIMIT, "M-03", f"{what} is a {rows} x {columns} matrix")
    require(1 <= len(tensor.parts) <= PART_LIMIT, "M-04", f"{what} has {len(tensor.parts)} parts")
    for part in tensor.parts:
        require(1 <= len(part.stages) <= STAGE_LIMIT, "M-04", f"{what}: {len(part.stages)} stages in a part")
    dictionaries = [
        header.dictionaries[stage.dictionary - 1] for part in tensor.parts for stage in part.stages
    ]
    if tensor.blocking == FLAT:
        is_plain = _is_whole(tensor, dictionaries) and not tensor.permutation and not tensor.row_axes
        require(is_plain, "M-08", f"{what} is flat and has more than flat blocking allows")
    if tensor.composition == COPY:
        is_plain = _is_whole(tensor, dictionaries) and len(dictionaries) == 1
        is_same_type = dictionaries[0].element_type == tensor.element_type
        require(is_plain and is_same_type, "M-09", f"{what} is copied and has more than copying allows")
    for part in tensor.parts:
        _check_part(header, tensor, part, what)
    _check_outliers(header, tensor, what)


def _is_whole(tensor: SimpleNamespace, dictionaries: list[SimpleNamespace]) -> bool:
    """True for one part of all rows and columns, plain dictionaries, no row scale and no outliers."""
    extras = (
        "rows_section", "row_count", "columns_section", "column_count", "row_scale_section",
        "row_scale_element_type",
    )
    has_extras = any(getattr(part, extra) for part in tensor.parts for extra in extras)
    is_plain = all(dictionary.motif_length == dictionary.block_length for dictionary in dictionaries)
    has_outliers = tensor.outlier_section or tensor.outlier_count
    return len(tensor.parts) == 1 and is_plain and not has_extras and not has_outliers


def _check_part(header: SimpleNamespace, tensor: SimpleNamespace, part: SimpleNamespace, what: str) -> None:
    for section, count, limit in zip(
        (part.rows_section, part.columns_section), (part.row_count, part.column_count), matrix_shape(tensor)
    ):
        count = count or 0
        is_list = bool(section) == bool(count) and count <= limit
        is_list = is_list and _raw_byte_count(header, section) == 4 * count
        require(is_list, "M-05", f"{what}: a part lists {count} of {limit}")
    shape = part_shape(tensor, part)
    for stage in part.stages:
        _check_stage(header, stage, shape, what)
    if not part.row_scale_section:
        has_type = part.row_scale_element_type is not None
        require(not has_type, "M-14", f"{what}: a row scale has a type but no section")
        return
    require(part.row_scale_element_type in (FLOAT16, FLOAT32), "M-14", f"{what}: row scale of unknown type")
    expected = shape[0] * DTYPES[part.row_scale_element_type].itemsize
    found = _raw_byte_count(header, part.row_scale_section)
    require(found == expected, "M-14", f"{what}: row scales have {found} bytes, expected {expected}")


def _check_stage(
    header: SimpleNamespace, stage: SimpleNamespace, shape: tuple[int, int], what: str
) -> None:
    """Checks a stage of a part of this shape."""
    dictionary = header.dictionaries[stage.dictionary - 1]
    layout, width = stage.layout or 0, index_width(dictionary)
    is_matched = bool(stage.mosaic_section) == (width > 0)
    require(is_matched, "M-10", f"{what}: a mosaic section is absent or superfluous")
    kind = f"{width}-bit indices of blocks of {dictionary.block_length}"
    require(is_suitable(layout, dictionary), "M-11", f"{what}: no {kind} are read in layout {layout}")
    found = _raw_byte_count(header, stage.mosaic_section)
    expected = mosaic_byte_count(layout, shape, dictionary)
    require(found == expected, "M-10", f"{what}: a mosaic has {found} bytes, expected {expected}")


def _check_outliers(header: SimpleNamespace, tensor: SimpleNamespace, what: str) -> None:
    count = tensor.outlier_count or 0
    require(bool(tensor.outlier_section) == bool(count), "M-16", f"{what}: outlier count without a section")
    expected = count * (2 * outlier_index_type(tensor).itemsize + 2)
    found = _raw_byte_count(header, tensor.outlier_section)
    require(found == expected, "M-16", f"{what}: outliers have {found} bytes, expected {expected}")
