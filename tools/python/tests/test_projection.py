"""The projection onto mosaics, against numbers worked out by hand and against plain loops."""

import sys
import unittest
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from momos import projection  # noqa: E402
from momos.projection import ProjectionOptions, Projector  # noqa: E402


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    shapes = {"first": (12, 10), "bias": (7,), "filter": (4, 3, 3, 3), "scalar": ()}
    return {name: np.float32(generator.standard_normal(shape)) for name, shape in shapes.items()}


class Blocks(unittest.TestCase):
    def test_tensor_is_flattened_row_major_and_the_last_block_padded_with_zeros(self) -> None:
        tensor = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
        np.testing.assert_array_equal(
            projection.blocks_of(tensor, 4), np.array([[1, 2, 3, 4], [5, 6, 0, 0]], np.float32)
        )

    def test_transposed_view_is_cut_in_its_own_order(self) -> None:
        tensor = np.array([[1, 2], [3, 4]], np.float32).T
        np.testing.assert_array_equal(projection.blocks_of(tensor, 2), [[1, 3], [2, 4]])


class MotifCounts(unittest.TestCase):
    def test_capacity_rounds_down_and_leaves_at_least_one_motif(self) -> None:
        # 64-256-256-10 with biases has 85,002 weights in 21,252 blocks of 4 (each tensor padded by itself).
        self.assertEqual(projection.motif_count(21_252, 0.05), 1_062)
        self.assertEqual(projection.motif_count(21_252, 0.01), 212)
        self.assertEqual(projection.motif_count(10, 0.01), 1)
        self.assertEqual(projection.motif_count(10, 1.0), 10)

    def test_capacities_and_counts_out_of_range_are_refused(self) -> None:
        for capacity in (0.0, -0.1, 1.5, float("nan")):
            with self.assertRaises(ValueError):
                projection.motif_count(10, capacity)
        with self.assertRaises(ValueError):
            projection.motif_count(10_000_000, 0.5)
        for options in ({}, {"capacity": 0.1, "motif_count": 3}, {"motif_count": 0}, {"motif_count": 65_537}):
            with self.assertRaises(ValueError):
                ProjectionOptions(**options)
        with self.assertRaises(ValueError):
            ProjectionOptions(capacity=0.1, block_length=65)
        with self.assertRaises(ValueError):
            ProjectionOptions(capacity=0.1, initialisation="zeros")


class Nearest(unittest.TestCase):
    def test_nearest_motif_is_that_of_a_plain_loop(self) -> None:
        generator = np.random.default_rng(1)
        # Whole numbers, whose distances are exact in float32, with ties.
        blocks = np.float32(generator.integers(-3, 4, (projection.CHUNK + 100, 3)))
        motifs = np.float32(generator.integers(-3, 4, (17, 3)))
        expected = [int(np.argmin([np.sum((block - motif) ** 2) for motif in motifs])) for block in blocks[-300:]]
        np.testing.assert_array_equal(projection.nearest_motifs(blocks, motifs)[-300:], expected)

    def test_lowest_number_wins_a_tie(self) -> None:
        motifs = np.array([[0, 0], [2, 0], [0, 2], [2, 0]], np.float32)
        blocks = np.array([[1, 0], [1, 1], [3, 0]], np.float32)
        np.testing.assert_array_equal(projection.nearest_motifs(blocks, motifs), [0, 0, 1])


class Motifs(unittest.TestCase):
    def test_least_squares_motif_is_the_mean_of_its_blocks_and_motif_zero_stays(self) -> None:
        blocks = np.array([[1, 3], [3, 5], [9, 9], [1, 1]], np.float32)
        motifs = np.array([[0, 0], [2, 2], [5, 5]], np.float32)
        improved = projection.least_squares_motifs(blocks, np.array([1, 1, 1, 0]), motifs)
        np.testing.assert_allclose(improved, [[0, 0], [13 / 3, 17 / 3], [5, 5]], rtol=1e-6)

    def test_random_motifs_are_zeros_and_distinct_blocks(self) -> None:
        blocks = np.array([[1, 2], [1, 2], [3, 4], [0, 0], [5, 6]], np.float32)
        motifs = projection.random_motifs(blocks, 4, np.random.default_rng(0))
        np.testing.assert_array_equal(motifs[0], [0, 0])
        self.assertEqual({tuple(motif) for motif in motifs[1:]}, {(1, 2), (3, 4), (5, 6)})

    def test_random_motifs_beyond_the_distinct_blocks_are_zeros(self) -> None:
        motifs = projection.random_motifs(np.ones((3, 2), np.float32), 4, np.random.default_rng(0))
        np.testing.assert_array_equal(motifs, [[0, 0], [1, 1], [0, 0], [0, 0]])

    def test_unused_motif_goes_to_the_farthest_block(self) -> None:
        blocks = np.array([[1, 1], [8, 8], [1, 2]], np.float32)
        motifs = np.array([[0, 0], [1, 1], [99, 99]], np.float32)
        nearest = projection.nearest_motifs(blocks, motifs)
        revived = projection.revived_motifs(blocks, nearest, motifs)
        np.testing.assert_array_equal(revived, [[0, 0], [1, 1], [8, 8]])

    def test_rounds_of_kmeans_never_raise_the_error(self) -> None:
        blocks = np.float32(np.random.default_rng(2).standard_normal((500, 4)))
        motifs = projection.random_motifs(blocks, 20, np.random.default_rng(3))
        errors = []
        for _ in range(8):
            nearest = projection.nearest_motifs(blocks, motifs)
            errors.append(float(np.sum((blocks - motifs[nearest]) ** 2)))
            motifs = projection.kmeans_motifs(blocks, motifs, 1)
        self.assertTrue(all(later <= earlier + 1e-3 for earlier, later in zip(errors, errors[1:])), errors)
        self.assertLess(errors[-1], 0.9 * errors[0])


class Projections(unittest.TestCase):
    def test_all_tensors_together_have_at_most_k_distinct_blocks(self) -> None:
        for initialisation in projection.INITIALISATIONS:
            options = ProjectionOptions(motif_count=9, block_length=4, initialisation=initialisation)
            mosaic = projection.project(weights(), options)
            # 30 + 2 + 27 + 1 blocks; those of whole tensors, as surplus weights are free.
            self.assertEqual(mosaic.block_count, 60)
            blocks = np.concatenate(
                [projection.blocks_of(mosaic.tensor(name), 4)[: len(mosaic.indices[name])] for name in ("first", "filter")]
            )
            self.assertLessEqual(len(np.unique(blocks, axis=0)), 9)
            self.assertEqual({n: t.shape for n, t in mosaic.tensors().items()}, {n: t.shape for n, t in weights().items()})
            self.assertTrue(np.all(mosaic.motifs[0] == 0))

    def test_projection_of_a_mosaic_is_itself(self) -> None:
        generator = np.random.default_rng(4)
        motifs = np.float32(generator.standard_normal((6, 4)))
        motifs[0] = 0
        tensors = {name: motifs[generator.integers(0, 6, count)] for name, count in (("a", 30), ("b", 50))}
        mosaic = projection.project(tensors, ProjectionOptions(motif_count=6, initialisation="random"))
        for name, tensor in tensors.items():
            np.testing.assert_allclose(mosaic.tensor(name), tensor, rtol=1e-6)

    def test_every_block_becomes_its_nearest_motif_without_least_squares(self) -> None:
        options = ProjectionOptions(motif_count=9, initialisation="random", least_squares=False)
        mosaic = projection.project(weights(), options)
        blocks = projection.blocks_of(weights()["first"], 4)
        for block, index in zip(blocks, mosaic.indices["first"]):
            distances = np.sum((mosaic.motifs - block) ** 2, axis=1)
            self.assertLessEqual(distances[index], distances.min() + 1e-5)

    def test_least_squares_lowers_the_error_of_random_motifs(self) -> None:
        def error(least_squares: bool) -> float:
            options = ProjectionOptions(motif_count=9, initialisation="random", least_squares=least_squares)
            found = projection.project(weights(), options).tensors()
            return sum(float(np.sum((found[name] - tensor) ** 2)) for name, tensor in weights().items())

        self.assertLess(error(True), error(False))

    def test_kmeans_keeps_improving_the_dictionary_of_the_projection_before(self) -> None:
        projector = Projector(ProjectionOptions(motif_count=9))

        def error() -> float:
            found = projector.project(weights()).tensors()
            return sum(float(np.sum((found[name] - tensor) ** 2)) for name, tensor in weights().items())

        first = error()
        self.assertLessEqual([error() for _ in range(5)][-1], first + 1e-5)

    def test_equal_seeds_give_equal_bytes(self) -> None:
        for initialisation in projection.INITIALISATIONS:
            options = ProjectionOptions(capacity=0.2, initialisation=initialisation, seed=5)
            first, second = (projection.project(weights(), options) for _ in range(2))
            self.assertEqual(first.motifs.tobytes(), second.motifs.tobytes())

    def test_tensors_that_cannot_be_projected_are_refused(self) -> None:
        options = ProjectionOptions(motif_count=2)
        for tensors in (
            {},
            {"empty": np.zeros(0, np.float32)},
            {"double": np.zeros(4)},
            {"infinite": np.array([1, np.inf], np.float32)},
        ):
            with self.assertRaises(ValueError):
                projection.project(tensors, options)


if __name__ == "__main__":
    unittest.main()
