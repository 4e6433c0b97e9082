"""The projection of weights onto mosaics of motifs (arXiv 2602.14896), in numpy.

Every tensor is flattened row-major, zero-padded to a multiple of the block length s and cut into blocks of s weights.
All tensors share one dictionary of k motifs, whose first is zeros; each block becomes the motif nearest to it by
Euclidean distance. Weights that lie on a mosaic convert without loss: `momos-convert --blocking flat`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Mapping, Sequence

import numpy as np

MAXIMUM_MOTIF_COUNT = 65_536
MAXIMUM_BLOCK_LENGTH = 64
INITIALISATIONS = ("kmeans", "random")

# Distances are computed for so many blocks at a time, which stay in the cache.
CHUNK = 256


@dataclass(frozen=True)
class Mosaic:
    """Motifs [k, s], and for every tensor the motif index of each of its blocks, in order."""

    motifs: np.ndarray
    indices: dict[str, np.ndarray]
    shapes: dict[str, tuple[int, ...]]

    @property
    def block_length(self) -> int:
        return self.motifs.shape[1]

    @property
    def block_count(self) -> int:
        return sum(len(indices) for indices in self.indices.values())

    def tensor(self, name: str) -> np.ndarray:
        """The tensor that the mosaic describes, in the motifs' element type; surplus weights are cut off."""
        shape = self.shapes[name]
        flat = self.motifs[self.indices[name]].reshape(-1)
        return flat[: math.prod(shape)].reshape(shape)

    def tensors(self) -> dict[str, np.ndarray]:
        return {name: self.tensor(name) for name in self.indices}


def blocks_of(tensor: np.ndarray, block_length: int) -> np.ndarray:
    """The blocks [count, s] of a tensor: flattened row-major, the last one padded with zeros."""
    flat = np.ascontiguousarray(tensor).reshape(-1)
    padding = -len(flat) % block_length
    return np.pad(flat, (0, padding)).reshape(-1, block_length)


def motif_count(block_count: int, capacity: float) -> int:
    """k = max(1, min(floor(capacity * blocks), blocks)), the rounding of the paper's code.

    Raises:
        ValueError: unless the capacity is above 0 and at most 1 and k is at most 65,536.
    """
    if not 0 < capacity <= 1:
        raise ValueError(f"expected a capacity above 0 and at most 1, found {capacity}")
    return checked_motif_count(max(1, min(math.floor(capacity * block_count), block_count)))


def checked_motif_count(count: int) -> int:
    if not 1 <= count <= MAXIMUM_MOTIF_COUNT:
        raise ValueError(f"expected 1 to {MAXIMUM_MOTIF_COUNT} motifs, found {count}")
    return count


def nearest_motifs(blocks: np.ndarray, motifs: np.ndarray) -> np.ndarray:
    """The number of the motif nearest to each block by Euclidean distance; the lowest number of several."""
    # |b - m|^2 = |b|^2 - 2 b m + |m|^2, of which |b|^2 is the same for all motifs.
    table = np.concatenate([-2 * motifs, np.sum(motifs * motifs, axis=1, keepdims=True)], axis=1).T
    extended = np.concatenate([blocks, np.ones((len(blocks), 1), blocks.dtype)], axis=1)
    nearest = np.empty(len(blocks), np.int64)
    for start in range(0, len(blocks), CHUNK):
        nearest[start : start + CHUNK] = (extended[start : start + CHUNK] @ table).argmin(axis=1)
    return nearest


def random_motifs(blocks: np.ndarray, count: int, generator: np.random.Generator) -> np.ndarray:
    """Zeros, then `count` - 1 distinct blocks drawn at random; zeros again where there are too few."""
    motifs = np.zeros((count, blocks.shape[1]), blocks.dtype)
    candidates = np.unique(blocks[np.any(blocks != 0, axis=1)], axis=0)
    chosen = generator.permutation(len(candidates))[: count - 1]
    motifs[1 : 1 + len(chosen)] = candidates[chosen]
    return motifs


def least_squares_motifs(blocks: np.ndarray, nearest: np.ndarray, motifs: np.ndarray) -> np.ndarray:
    """The motifs that minimise the squared error for fixed indices: each the mean of its blocks, summed in float64.

    Motif 0 stays zeros, and a motif without blocks stays as it is.
    """
    counts = np.bincount(nearest, minlength=len(motifs))
    sums = np.stack([np.bincount(nearest, column, len(motifs)) for column in blocks.T], axis=1)
    improved = motifs.copy()
    used = np.flatnonzero(counts)
    used = used[used != 0]
    improved[used] = sums[used] / counts[used, None]
    return improved


def revived_motifs(blocks: np.ndarray, nearest: np.ndarray, motifs: np.ndarray) -> np.ndarray:
    """Puts motifs that no block uses onto the blocks that are farthest from theirs."""
    counts = np.bincount(nearest, minlength=len(motifs))
    unused = np.flatnonzero(counts == 0)
    unused = unused[unused != 0]
    if len(unused) == 0:
        return motifs
    errors = np.sum((blocks - motifs[nearest]) ** 2, axis=1)
    farthest = np.argsort(-errors, kind="stable")[: len(unused)]
    farthest = farthest[errors[farthest] > 0]
    revived = motifs.copy()
    revived[unused[: len(farthest)]] = blocks[farthest]
    return revived


def kmeans_motifs(blocks: np.ndarray, motifs: np.ndarray, rounds: int) -> np.ndarray:
    """Lloyd's iteration from given motifs: nearest motif, unused ones revived, least squares; motif 0 stays zeros."""
    for _ in range(rounds):
        nearest = nearest_motifs(blocks, motifs)
        revived = revived_motifs(blocks, nearest, motifs)
        if revived is not motifs:
            motifs = revived
            nearest = nearest_motifs(blocks, motifs)
        motifs = least_squares_motifs(blocks, nearest, motifs)
    return motifs


@dataclass(frozen=True)
class ProjectionOptions:
    """How tensors are projected.

    Attributes:
        block_length: s, 1 to 64.
        capacity: k as a share of all blocks; instead of `motif_count`.
        motif_count: k.
        initialisation: "random" draws motifs among the blocks anew in every projection, as the paper does; "kmeans"
            begins with such a draw and then keeps improving the dictionary of the projection before.
        rounds: of Lloyd's iteration in a projection, with "kmeans"; ten times as many in the first.
        least_squares: replaces each random motif by the mean of its blocks, where the paper keeps the drawn block.
        seed: of the draws.
    """

    block_length: int = 4
    capacity: float | None = None
    motif_count: int | None = None
    initialisation: str = "kmeans"
    rounds: int = 1
    least_squares: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.block_length <= MAXIMUM_BLOCK_LENGTH:
            raise ValueError(f"expected a block length of 1 to {MAXIMUM_BLOCK_LENGTH}, found {self.block_length}")
        if (self.capacity is None) == (self.motif_count is None):
            raise ValueError("expected either a capacity or a motif count")
        if self.initialisation not in INITIALISATIONS:
            raise ValueError(f"expected an initialisation of {INITIALISATIONS}, found {self.initialisation!r}")
        if self.motif_count is not None:
            checked_motif_count(self.motif_count)
        else:
            motif_count(1, self.capacity)

    def motifs_for(self, block_count: int) -> int:
        if self.motif_count is not None:
            return self.motif_count
        return motif_count(block_count, self.capacity)


class Projector:
    """Projects the same tensors again and again while they train, and remembers their dictionary."""

    def __init__(self, options: ProjectionOptions):
        self.options = options
        self.last: Mosaic | None = None
        self._generator = np.random.default_rng(options.seed)

    def project(self, tensors: Mapping[str, np.ndarray]) -> Mosaic:
        """The mosaic nearest to float32 tensors, with a dictionary for all of them.

        Raises:
            ValueError: for a tensor that is not float32 or not finite, or if there are none.
        """
        cut = {name: self._blocks(name, tensor) for name, tensor in tensors.items()}
        if sum(map(len, cut.values())) == 0:
            raise ValueError("expected tensors with weights, found none")
        blocks = np.concatenate(list(cut.values()))
        motifs = self._motifs(blocks, self.options.motifs_for(len(blocks)))
        nearest = nearest_motifs(blocks, motifs)
        if self.options.least_squares:
            motifs = least_squares_motifs(blocks, nearest, motifs)
        self.last = self._mosaic(tensors, cut, nearest, motifs)
        return self.last

    def assign(self, tensors: Mapping[str, np.ndarray]) -> Mosaic:
        """The mosaic nearest to tensors with the dictionary of the last projection."""
        if self.last is None:
            return self.project(tensors)
        cut = {name: self._blocks(name, tensor) for name, tensor in tensors.items()}
        motifs = self.last.motifs
        self.last = self._mosaic(tensors, cut, nearest_motifs(np.concatenate(list(cut.values())), motifs), motifs)
        return self.last

    def refit(self, tensors: Mapping[str, np.ndarray]) -> Mosaic:
        """The last mosaic with the motifs that suit tensors best by least squares; no index changes."""
        if self.last is None:
            return self.project(tensors)
        blocks = np.concatenate([self._blocks(name, tensor) for name, tensor in tensors.items()])
        nearest = np.concatenate([self.last.indices[name] for name in tensors])
        self.last = replace(self.last, motifs=least_squares_motifs(blocks, nearest, self.last.motifs))
        return self.last

    def _blocks(self, name: str, tensor: np.ndarray) -> np.ndarray:
        if tensor.dtype != np.float32:
            raise ValueError(f"expected float32 values in {name!r}, found {tensor.dtype}")
        if not np.isfinite(tensor).all():
            raise ValueError(f"expected finite values in {name!r}, found NaN or infinity")
        return blocks_of(tensor, self.options.block_length)

    def _motifs(self, blocks: np.ndarray, count: int) -> np.ndarray:
        if self.options.initialisation == "random":
            return random_motifs(blocks, count, self._generator)
        if self.last is None or len(self.last.motifs) != count:
            return kmeans_motifs(blocks, random_motifs(blocks, count, self._generator), 10 * self.options.rounds)
        return kmeans_motifs(blocks, self.last.motifs, self.options.rounds)

    @staticmethod
    def _mosaic(
        tensors: Mapping[str, np.ndarray], cut: Mapping[str, np.ndarray], nearest: np.ndarray, motifs: np.ndarray
    ) -> Mosaic:
        ends = np.cumsum([len(blocks) for blocks in cut.values()])
        parts: Sequence[np.ndarray] = np.split(nearest, ends[:-1])
        return Mosaic(
            motifs=motifs,
            indices=dict(zip(cut, parts)),
            shapes={name: tuple(tensor.shape) for name, tensor in tensors.items()},
        )


def project(tensors: Mapping[str, np.ndarray], options: ProjectionOptions) -> Mosaic:
    """Projects tensors once."""
    return Projector(options).project(tensors)
