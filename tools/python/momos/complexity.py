"""Compression rates of weights by the compressors of Python's standard library.

`momos-inspect --complexity` measures zlib and zstd rates, norms and the Block Decomposition Method; bz2 and lzma are here.
*Signs* are weights binarised: 1 above zero, else 0, eight to a byte, the first in the highest bit.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import Callable, Mapping

import numpy as np

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": lambda content: zlib.compress(content, 9),
    "bz2": lambda content: bz2.compress(content, 9),
    "lzma": lambda content: lzma.compress(content, preset=9),
}


def packed_signs(tensor: np.ndarray) -> bytes:
    """The signs of a tensor in row-major order; spare bits of the last byte are 0."""
    return np.packbits(np.ravel(tensor) > 0).tobytes()


def compression_rates(tensors: Mapping[str, np.ndarray], of_signs: bool = False) -> dict[str, float]:
    """Compressed bytes / bytes by compressor, for each tensor by itself, summed over all."""
    contents = [packed_signs(t) if of_signs else np.ascontiguousarray(t).tobytes() for t in tensors.values()]
    whole = sum(map(len, contents))
    if whole == 0:
        raise ValueError("expected tensors with weights, found none")
    return {name: sum(len(run(content)) for content in contents) / whole for name, run in COMPRESSORS.items()}
