"""Compression rates, against what the compressors' own functions say."""

import bz2
import sys
import unittest
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from momos import complexity  # noqa: E402


class Rates(unittest.TestCase):
    def test_signs_are_packed_with_the_first_in_the_highest_bit_and_zero_is_not_above_zero(self) -> None:
        tensor = np.array([[1.0, -1.0, 0.0], [-0.0, 2.0, 3.0], [4.0, -5.0, 6.0]], np.float32)
        self.assertEqual(complexity.packed_signs(tensor), bytes([0b10001110, 0b10000000]))

    def test_rates_are_sums_over_tensors(self) -> None:
        tensors = {"a": np.zeros(1000, np.float32), "b": np.arange(100, dtype=np.float32)}
        expected = (len(bz2.compress(bytes(4000), 9)) + len(bz2.compress(tensors["b"].tobytes(), 9))) / 4400
        self.assertEqual(complexity.compression_rates(tensors)["bz2"], expected)

    def test_constant_signs_compress_and_random_ones_do_not(self) -> None:
        noise = {"w": np.float32(np.random.default_rng(0).standard_normal(1 << 15))}
        for rate in complexity.compression_rates(noise, of_signs=True).values():
            self.assertGreater(rate, 0.99)
        for rate in complexity.compression_rates({"w": np.ones(1 << 15, np.float32)}, of_signs=True).values():
            self.assertLess(rate, 0.05)

    def test_nothing_has_no_rate(self) -> None:
        with self.assertRaises(ValueError):
            complexity.compression_rates({})


if __name__ == "__main__":
    unittest.main()
