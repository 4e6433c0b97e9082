"""Element types: their numbers, sizes, and conversion from and to float32."""

import numpy as np

FLOAT32, INT8, BOOL, FLOAT16, FLOAT64, BFLOAT16 = 1, 3, 9, 10, 11, 16

# bfloat16 has no numpy type: its bit patterns are carried as uint16.
DTYPES = {
    1: np.dtype("<f4"), 2: np.dtype("u1"), 3: np.dtype("i1"), 4: np.dtype("<u2"), 5: np.dtype("<i2"),
    6: np.dtype("<i4"), 7: np.dtype("<i8"), 9: np.dtype("u1"), 10: np.dtype("<f2"), 11: np.dtype("<f8"),
    12: np.dtype("<u4"), 13: np.dtype("<u8"), 16: np.dtype("<u2"),
}
FLOATING_POINT = (FLOAT32, FLOAT16, FLOAT64, BFLOAT16)


def to_float32(values: np.ndarray, element_type: int) -> np.ndarray:
    """The values rounded to nearest even (float64) or exactly (the other types)."""
    if element_type == BFLOAT16:
        return (values.astype(np.uint32) << 16).view(np.float32)
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def from_float32(values: np.ndarray, element_type: int) -> np.ndarray:
    """float32 values rounded to nearest even in a floating-point type."""
    if element_type != BFLOAT16:
        with np.errstate(over="ignore"):
            return values.astype(DTYPES[element_type])
    bits = values.view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return np.where(np.isnan(values), bits >> 16 | 0x40, rounded).astype(np.uint16)


def widened(values: np.ndarray, stored_type: int, element_type: int) -> np.ndarray:
    """Dense values in their own type, from the narrower type they are stored in (T-04)."""
    if stored_type == element_type:
        return values
    return to_float32(values, stored_type).astype(DTYPES[element_type])
