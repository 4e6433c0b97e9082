"""Index layouts (section 9): which suits a dictionary, how many bytes it takes, how it is unpacked.

A tile layout is a sequence of cells. A cell holds the indices of one bundle of blocks for one strip of rows;
cells are ordered by group of 256 columns, row tile, bundle of the group and strip of the tile.
"""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from .geometry import block_count, index_width

ROW_MAJOR, TILE_K256, TILE_K16, TILE_K64 = range(4)
GROUP_COLUMNS = 256
TILE_BLOCK_LENGTHS = (2, 4, 8, 16)


@dataclass(frozen=True)
class Tiling:
    """The sizes of a tile layout: bits of an index, blocks of a bundle, rows, and bytes of a cell."""

    index_width: int
    bundle_blocks: int
    strip_rows: int
    tile_rows: int
    cell_bytes: int


TILINGS = {
    TILE_K256: Tiling(index_width=8, bundle_blocks=1, strip_rows=64, tile_rows=256, cell_bytes=64),
    TILE_K16: Tiling(index_width=4, bundle_blocks=8, strip_rows=16, tile_rows=128, cell_bytes=64),
    TILE_K64: Tiling(index_width=6, bundle_blocks=4, strip_rows=64, tile_rows=256, cell_bytes=192),
}


def is_suitable(layout: int, dictionary: SimpleNamespace) -> bool:
    """True if this reader implements the layout and the dictionary's indices may lie in it."""
    if layout == ROW_MAJOR:
        return True
    tiling = TILINGS.get(layout)
    is_known = tiling is not None and tiling.index_width == index_width(dictionary)
    return is_known and dictionary.block_length in TILE_BLOCK_LENGTHS


def mosaic_byte_count(layout: int, shape: tuple[int, int], dictionary: SimpleNamespace) -> int:
    """Raw bytes of the mosaic of a part [r, c] in a suitable layout."""
    blocks = block_count(shape[1], dictionary)
    if layout == ROW_MAJOR:
        return shape[0] * -(-blocks * index_width(dictionary) // 8)
    tiling = TILINGS[layout]
    return -(-blocks // tiling.bundle_blocks) * -(-shape[0] // tiling.strip_rows) * tiling.cell_bytes


def unpack(raw: bytes, layout: int, rows: int, blocks: int, dictionary: SimpleNamespace) -> np.ndarray:
    """The indices [rows or more, blocks or more] that `raw` holds, padding included."""
    packed = np.frombuffer(raw, np.uint8)
    if layout == ROW_MAJOR:
        return _row_bits(packed.reshape(rows, -1), blocks, index_width(dictionary))
    tiling = TILINGS[layout]
    bundles, strips = -(-blocks // tiling.bundle_blocks), -(-rows // tiling.strip_rows)
    group_bundles = GROUP_COLUMNS // dictionary.block_length // tiling.bundle_blocks
    cells = packed.reshape(-1, tiling.cell_bytes)[_cell_numbers(tiling, bundles, strips, group_bundles)]
    indices = CELL_INDICES[layout](cells)
    return indices.reshape(strips * tiling.strip_rows, bundles * tiling.bundle_blocks).astype(np.int64)


def _row_bits(packed: np.ndarray, blocks: int, width: int) -> np.ndarray:
    """The indices in rows of bytes [rows, bytes a row]; each spare bit becomes an index of its own."""
    bits = np.unpackbits(packed, axis=1, bitorder="little").astype(np.int64)
    count = blocks * width
    indices = bits[:, :count].reshape(len(bits), blocks, width) @ (1 << np.arange(width))
    return np.hstack([indices, bits[:, count:]])


def _cell_numbers(tiling: Tiling, bundles: int, strips: int, group_bundles: int) -> np.ndarray:
    """The position [strips, bundles] of each cell in the sequence of cells."""
    tile_strips = tiling.tile_rows // tiling.strip_rows
    strip, bundle = np.arange(strips)[:, None], np.arange(bundles)
    tile_start, group_start = strip // tile_strips * tile_strips, bundle // group_bundles * group_bundles
    strips_of_tile = np.minimum(tile_strips, strips - tile_start)
    bundles_of_group = np.minimum(group_bundles, bundles - group_start)
    before_bundle = group_start * strips + tile_start * bundles_of_group
    return before_bundle + (bundle - group_start) * strips_of_tile + strip - tile_start


def _cells_k256(cells: np.ndarray) -> np.ndarray:
    """Cells [strips, bundles, 64] as indices [strips, 64 rows, bundles, 1 block]."""
    halves = cells.reshape(*cells.shape[:2], 32, 2)
    return halves.transpose(0, 3, 2, 1)


def _cells_k16(cells: np.ndarray) -> np.ndarray:
    """Cells [strips, bundles, 64] as indices [strips, 16 rows, bundles, 8 blocks]."""
    fours = cells.reshape(*cells.shape[:2], 16, 4).transpose(0, 2, 1, 3)
    return np.concatenate([fours & 0x0F, fours >> 4], axis=3)


def _cells_k64(cells: np.ndarray) -> np.ndarray:
    """Cells [strips, bundles, 192] as indices [strips, 2 halves, 32 rows, bundles, 4 blocks]."""
    lines = cells.reshape(*cells.shape[:2], 3, 32, 2).transpose(0, 4, 3, 1, 2)
    last = (lines >> 6) @ np.array([1, 4, 16], np.uint8)
    return np.concatenate([lines & 0x3F, last[..., None]], axis=4)


CELL_INDICES = {TILE_K256: _cells_k256, TILE_K16: _cells_k16, TILE_K64: _cells_k64}
