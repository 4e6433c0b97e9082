"""The reference reader against the fixtures: python3 -m unittest discover tools/python/tests."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
REPOSITORY = PACKAGE_FOLDER.parents[1]
VALID = REPOSITORY / "fixtures" / "valid"
GOLDEN = REPOSITORY / "fixtures" / "golden" / "v1"
INVALID = REPOSITORY / "fixtures" / "invalid"
SPECIFICATION = REPOSITORY / "spec" / "momos-format.md"
sys.path.insert(0, str(PACKAGE_FOLDER))

import momos_reference  # noqa: E402


class ValidFiles(unittest.TestCase):
    def test_every_tensor_reconstructs_bit_for_bit(self) -> None:
        paths = sorted([*VALID.glob("*.momos"), *GOLDEN.glob("*.momos")])
        self.assertGreater(len(paths), 50)
        for path in paths:
            file = momos_reference.open(path)
            with np.load(path.with_suffix(".npz")) as expected:
                self.assertEqual(sorted(file.names), sorted(expected.files), path.name)
                for name in file.names:
                    with self.subTest(file=path.name, tensor=name):
                        self.assert_identical(file.tensor(name), expected[name])

    def test_command_dumps_every_tensor(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = str(VALID / "everything.momos")
            command = [sys.executable, "-m", "momos_reference", file, "--dump", folder]
            result = subprocess.run(command, cwd=PACKAGE_FOLDER, capture_output=True, text=True, check=True)
            self.assertEqual(len(result.stdout.splitlines()), 2)
            with np.load(VALID / "everything.npz") as expected:
                for name in expected.files:
                    self.assert_identical(np.load(Path(folder) / f"{name}.npy"), expected[name])

    def test_command_names_the_broken_rule(self) -> None:
        command = [sys.executable, "-m", "momos_reference", str(INVALID / "F-02-foreign-file.momos")]
        result = subprocess.run(command, cwd=PACKAGE_FOLDER, capture_output=True, text=True)
        self.assertEqual(result.returncode, 65)
        self.assertIn("F-02", result.stderr)

    def assert_identical(self, found: np.ndarray, expected: np.ndarray) -> None:
        self.assertEqual((found.dtype, found.shape), (expected.dtype, expected.shape))
        self.assertEqual(found.tobytes(), expected.tobytes())


class InvalidFiles(unittest.TestCase):
    def setUp(self) -> None:
        self.index = json.loads((INVALID / "index.json").read_text(encoding="utf-8"))

    def test_every_file_is_refused_by_its_rule_at_its_door(self) -> None:
        for entry in self.index:
            with self.subTest(file=entry["file"]):
                path = INVALID / entry["file"]
                if entry["door"] == "open":
                    with self.assertRaises(momos_reference.MomosError) as caught:
                        momos_reference.open(path)
                else:
                    file = momos_reference.open(path)
                    with self.assertRaises(momos_reference.MomosError) as caught:
                        file.tensor(entry["tensor"])
                self.assertEqual(caught.exception.rule, entry["rule"], str(caught.exception))

    def test_index_lists_exactly_the_files(self) -> None:
        listed = [entry["file"] for entry in self.index]
        self.assertEqual(sorted(listed), sorted(path.name for path in INVALID.glob("*.momos")))

    def test_every_rule_of_the_specification_has_a_file_at_its_door(self) -> None:
        text = SPECIFICATION.read_text(encoding="utf-8")
        rules = dict(re.findall(r"^\| ([A-Z]-\d\d) \| ([OL]) \|", text, re.MULTILINE))
        doors = {entry["rule"]: {"open": "O", "load": "L"}[entry["door"]] for entry in self.index}
        self.assertEqual(doors, rules)


class DamagedFiles(unittest.TestCase):
    """Every truncation and every flipped bit of a file is refused, or reads equal."""

    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name) / "damaged.momos"
        self.data = (VALID / "outliers.momos").read_bytes()
        with np.load(VALID / "outliers.npz") as expected:
            self.expected = expected["w"]

    def test_every_truncation_is_refused(self) -> None:
        for count in range(len(self.data)):
            self.path.write_bytes(self.data[:count])
            with self.assertRaises(momos_reference.MomosError, msg=f"{count} bytes"):
                momos_reference.open(self.path)

    def test_every_flipped_bit_is_refused(self) -> None:
        for position in range(8 * len(self.data)):
            damaged = bytearray(self.data)
            damaged[position // 8] ^= 1 << position % 8
            self.path.write_bytes(damaged)
            with self.assertRaises(momos_reference.MomosError, msg=f"bit {position}"):
                momos_reference.open(self.path).tensor("w")


if __name__ == "__main__":
    unittest.main()
