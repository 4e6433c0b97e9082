"""Tests of how cases are compared and counted; they need numpy alone.

Usage: python3 -m unittest discover -s tools/conformance
"""

import json
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from engines import FAILED, PASSED, REFUSED, Momos, Result, difference
from report import Report

CASE = {"rtol": 1e-3, "atol": 1e-7}


def case(name: str, suite: str = "node", numeric: bool = True) -> dict:
    return {
        "name": name, "suite": suite, "operator": "Abs", "expanded": False, "numeric": numeric, "model": "model.onnx",
        "sets": [], **CASE,
    }  # fmt: skip


class Comparison(unittest.TestCase):
    def compare(self, found, expected, kind="f32"):
        return difference(np.asarray(found), np.asarray(expected), kind, CASE)

    def test_values_within_the_tolerance_are_equal(self):
        self.assertIsNone(self.compare(np.float32([1.0009, 1e-8]), np.float32([1, 0])))
        self.assertIn("1 of 2", self.compare(np.float32([1.0011, 0]), np.float32([1, 0])))

    def test_tolerance_is_relative_to_what_is_expected(self):
        self.assertIsNone(self.compare(np.float32([1000]), np.float32([1000.9995])))
        self.assertIsNotNone(self.compare(np.float32([0]), np.float32([1e-6])))

    def test_not_a_number_equals_itself_and_infinities_have_signs(self):
        self.assertIsNone(self.compare(np.float32([np.nan, np.inf]), np.float32([np.nan, np.inf])))
        self.assertIsNotNone(self.compare(np.float32([-np.inf]), np.float32([np.inf])))
        self.assertIsNotNone(self.compare(np.float32([0]), np.float32([np.nan])))

    def test_shapes_and_types_must_agree(self):
        self.assertIn("shape [1]", self.compare(np.float32([1]), np.float32(1)))
        self.assertIn("type float64", self.compare(np.float64([1]), np.float32([1])))

    def test_bfloat16_has_two_units_in_the_last_place(self):
        self.assertIsNone(self.compare(np.float32([1.015]), np.float32([1]), kind="bf16"))
        self.assertIsNotNone(self.compare(np.float32([1.02]), np.float32([1]), kind="bf16"))

    def test_truth_values_and_large_integers_are_compared(self):
        self.assertIsNotNone(self.compare(np.array([True]), np.array([False]), kind="bool"))
        self.assertIsNotNone(self.compare(np.uint64([2**63]), np.uint64([2**64 - 1]), kind="u64"))

    def test_empty_outputs_are_equal(self):
        self.assertIsNone(self.compare(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)))


class Commands(unittest.TestCase):
    """Momos with shell scripts in place of the commands."""

    def result(self, convert: str, numeric: bool = True) -> Result:
        with tempfile.TemporaryDirectory() as folder:
            for name, body in (("convert", convert), ("run", "exit 1")):
                script = Path(folder, f"momos-{name}")
                script.write_text(f"#!/bin/sh\n{body}\n")
                script.chmod(0o755)
            return Momos(Path(folder), Path(folder)).result(case("test_a", numeric=numeric))

    def test_exit_code_65_with_a_message_refuses(self):
        found = self.result("echo 'momos-convert: model.onnx: no operator' >&2; exit 65")
        self.assertEqual(found, Result(REFUSED, "no operator"))

    def test_other_ends_of_the_conversion_fail(self):
        for script in ("exit 65", "echo no >&2; exit 70", "kill -SEGV $$"):
            self.assertEqual(self.result(script).state, FAILED, script)

    def test_a_conversion_of_foreign_types_fails(self):
        self.assertEqual(self.result("exit 0", numeric=False).state, FAILED)


class Counts(unittest.TestCase):
    def test_only_numeric_cases_of_the_four_suites_are_counted(self):
        cases = [case("test_a"), case("test_b", numeric=False), case("test_c", "light"), case("test_d", "simple")]
        report = Report(cases, [Result(PASSED), Result(REFUSED), Result(PASSED), Result(FAILED)])
        self.assertEqual(report.counted, {PASSED: 1, FAILED: 1})

    def test_fewer_passed_cases_than_before_are_named(self):
        with tempfile.TemporaryDirectory() as folder:
            suites = {"node": {"passed": ["test_a", "test_b"], "refused": ["test_c"], "failed": []}}
            Path(folder, "onnx-conformance.json").write_text(json.dumps({"suites": suites}))
            cases = [case("test_a"), case("test_b"), case("test_c")]
            same = Report(cases, [Result(PASSED), Result(PASSED), Result(REFUSED)])
            self.assertIsNone(same.check(Path(folder)))
            fewer = Report(cases, [Result(PASSED), Result(FAILED, "why"), Result(REFUSED)])
            self.assertIn("node/test_b  failed: why", fewer.check(Path(folder)))
            part = Report(cases[:1], [Result(PASSED)])
            self.assertIsNone(part.check(Path(folder)))


if __name__ == "__main__":
    unittest.main()
