"""Element types of momos.h and numpy.

numpy has no bfloat16: such tensors are float32 here, which holds every value.
"""

from __future__ import annotations

import numpy as np

BFLOAT16 = 16

DTYPES: dict[int, np.dtype] = {
    1: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    4: np.dtype("<u2"),
    5: np.dtype("<i2"),
    6: np.dtype("<i4"),
    7: np.dtype("<i8"),
    9: np.dtype("?"),
    10: np.dtype("<f2"),
    11: np.dtype("<f8"),
    12: np.dtype("<u4"),
    13: np.dtype("<u8"),
    BFLOAT16: np.dtype("<f4"),
}
NAMES = {
    1: "f32", 2: "u8", 3: "i8", 4: "u16", 5: "i16", 6: "i32", 7: "i64", 9: "bool", 10: "f16", 11: "f64", 12: "u32",
    13: "u64", BFLOAT16: "bf16",
}  # fmt: skip
NUMBERS = {dtype: number for number, dtype in DTYPES.items() if number != BFLOAT16}


def stored_dtype(element_type: int) -> np.dtype:
    """The type of the elements as they lie in memory: bits for bfloat16."""
    return np.dtype("<u2") if element_type == BFLOAT16 else DTYPES[element_type]


def as_numbers(stored: np.ndarray, element_type: int) -> np.ndarray:
    """The values of stored elements; a copy for bfloat16 alone."""
    if element_type != BFLOAT16:
        return stored
    return (stored.astype(np.uint32) << 16).view(np.float32)
