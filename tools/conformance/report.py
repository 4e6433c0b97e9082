"""What a run found: as text, as docs/onnx-conformance.md and .json, and against what was committed."""

import json
import re
from collections import Counter, defaultdict
from importlib import metadata
from pathlib import Path

from engines import FAILED, PASSED, REFUSED, STATES, Result
from suites import COUNTED, LIGHT, NETWORKS, NODE, TWINS

FILE_NAME = "onnx-conformance"
NODE_NAME = re.compile(r" node (of )?([\"'])[^\"']*\2")


class Report:
    """Cases and their results, in the same order."""

    def __init__(self, cases: list[dict], results: list[Result]):
        self.rows = list(zip(cases, results))

    def count(self, **conditions) -> Counter:
        """How many cases with the given entries have each state."""
        return Counter(
            result.state for case, result in self.rows
            if all(case[key] == value for key, value in conditions.items())
        )  # fmt: skip

    @property
    def suites(self) -> list[str]:
        return list(dict.fromkeys(case["suite"] for case, _ in self.rows))

    @property
    def counted(self) -> Counter:
        """The states of the cases that the share is counted over."""
        return sum((self.count(suite=suite, numeric=True) for suite in COUNTED), Counter())

    def listing(self) -> str:
        """Every case that did not pass, and why."""
        lines = [
            f"{result.state:<8} {case['suite']}/{case['name']}  {result.message}"
            for case, result in sorted(self.rows, key=lambda row: (row[1].state == FAILED, row[0]["name"]))
            if result.state != PASSED
        ]
        return "\n".join(lines)

    def reasons(self) -> str:
        """How many cases did not pass for each reason, names of nodes left out."""
        counts = Counter(
            (result.state, NODE_NAME.sub("", result.message)) for _, result in self.rows if result.state != PASSED
        )
        return "\n".join(f"{count:>5} {state:<8} {message}" for (state, message), count in counts.most_common())

    def summary(self) -> str:
        rows = [(suite, self.count(suite=suite, numeric=True)) for suite in self.suites]
        rows = [(suite, states) for suite, states in rows if states]
        counted = self.counted
        if counted:
            rows.append(("counted", counted))
        others = self.count(numeric=False)
        if others:
            rows.append(("other types", others))
        header = f"{'':<18} {'cases':>6}" + "".join(f" {state:>8}" for state in STATES) + "   share"
        return "\n".join([header] + [
            f"{name:<18} {states.total():>6}" + "".join(f" {states[state]:>8}" for state in STATES)
            + f" {share(states):>7}" for name, states in rows
        ])  # fmt: skip

    def write(self, folder: Path) -> None:
        (folder / f"{FILE_NAME}.md").write_text(self.document())
        (folder / f"{FILE_NAME}.json").write_text(json.dumps(self.facts(), indent=1) + "\n")

    def facts(self) -> dict:
        """Counts, and the names of all cases by suite and state."""
        names = {suite: {state: [] for state in STATES} for suite in self.suites}
        for case, result in self.rows:
            names[case["suite"]][result.state].append(case["name"])
        counted = self.counted
        return {
            "onnx": metadata.version("onnx"),
            "counted": {"cases": counted.total(), **{state: counted[state] for state in STATES}},
            "suites": names,
        }

    def check(self, folder: Path) -> str | None:
        """What to say if fewer of these cases pass than the committed file says; else None."""
        committed = json.loads((folder / f"{FILE_NAME}.json").read_text())["suites"]
        before = {(suite, name) for suite, states in committed.items() for name in states[PASSED]}
        ran = {(case["suite"], case["name"]) for case, _ in self.rows}
        now = {(case["suite"], case["name"]): result for case, result in self.rows if result.state == PASSED}
        lost = sorted((before & ran) - set(now))
        if len(now) >= len(before & ran):
            for suite, name in lost:
                print(f"lost, though as many pass as before: {suite}/{name}")
            return None
        messages = {(case["suite"], case["name"]): result for case, result in self.rows}
        lines = [
            f"  {suite}/{name}  {messages[suite, name].state}: {messages[suite, name].message}" for suite, name in lost
        ]
        return "\n".join([f"{len(before & ran)} of these cases passed before, {len(now)} now. Lost:", *lines])

    def document(self) -> str:
        return "\n".join([
            "# ONNX conformance",
            "",
            f"Made by `make conformance`: the backend cases of the Python package onnx {metadata.version('onnx')}, each through",
            "`momos-convert MODEL.onnx --dense '.*'` and `momos-run`, compared with the suite's own values and tolerances.",
            "*Refused*: `momos-convert` says that it cannot, with exit code 65. *Failed*: anything else that is not right.",
            "",
            "## Cases whose inputs and outputs are numeric tensors",
            "",
            "Types: f32, f64, f16, bf16, i8 to i64, u8 to u64, bool.",
            "",
            *self.suite_table(),
            "",
            "## Whole networks",
            "",
            "*Light*: the suite's, with weights that are all equal. *Twin*: the same graph with random weights, within a",
            "relative 1e-4 of onnxruntime.",
            "",
            *self.network_table(),
            "",
            "## Operators",
            "",
            "Cases with numeric tensors. *Expanded*: the operator written out as the function that defines it.",
            "",
            *self.operator_table(),
            "",
            *self.failures(),
        ])  # fmt: skip

    def suite_table(self) -> list[str]:
        lines = ["| suite | cases | passed | refused | failed | share |", "|---|---|---|---|---|---|"]
        rows = [(suite, self.count(suite=suite, numeric=True)) for suite in COUNTED]
        plain, expanded = (self.count(suite=NODE, numeric=True, expanded=value) for value in (False, True))
        rows[1:1] = [("of these operators", plain), ("of these expanded", expanded)]
        rows.append(("**all**", self.counted))
        for name, states in rows:
            lines.append(f"| {name} | {states.total()} | {cells(states)} | {share(states)} |")
        others = self.count(numeric=False)
        return lines + ["", f"Of {others.total()} cases with other types, {others[REFUSED]} are refused."]

    def network_table(self) -> list[str]:
        states = {(case["suite"], case["name"]): result.state for case, result in self.rows}
        lines = ["| network | light | twin |", "|---|---|---|"]
        for name in NETWORKS:
            found = [states.get((suite, f"test_{name}"), "") for suite in (LIGHT, TWINS)]
            lines.append(f"| {name} | {' | '.join(found)} |")
        return lines

    def operator_table(self) -> list[str]:
        operators = defaultdict(lambda: (Counter(), Counter()))
        for case, result in self.rows:
            if case["suite"] == NODE and case["numeric"]:
                operators[case["operator"]][case["expanded"]][result.state] += 1
        lines = [
            "| operator | passed | refused | failed | expanded: passed | refused | failed |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, (plain, expanded) in sorted(operators.items()):
            lines.append(f"| {name} | {cells(plain)} | {cells(expanded) if expanded else ' | | '} |")
        return lines

    def failures(self) -> list[str]:
        failed = [f"{case['suite']}/{case['name']}" for case, result in self.rows if result.state == FAILED]
        if not failed:
            return ["No case fails.", ""]
        return ["## Failed cases", "", *(f"- {name}" for name in failed), ""]


def cells(states: Counter) -> str:
    return " | ".join(str(states[state]) for state in STATES)


def share(states: Counter) -> str:
    return f"{states[PASSED] / states.total():.1%}" if states else ""
