"""Runs one case: momos as its two commands, or onnxruntime, to see what another runtime makes of a case."""

import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PASSED, REFUSED, FAILED = STATES = ("passed", "refused", "failed")
BAD_DATA = 65
TIMEOUT_SECONDS = 300
# What the suite allows bfloat16: two units in the last place.
BFLOAT16_TOLERANCE = 2**-6


@dataclass(frozen=True)
class Result:
    state: str
    message: str = ""


class Momos:
    """The commands momos-convert and momos-run."""

    def __init__(self, commands: Path, scratch: Path):
        self.convert, self.run = commands / "momos-convert", commands / "momos-run"
        self.scratch = scratch
        for command in (self.convert, self.run):
            if not command.exists():
                raise SystemExit(f"{command} is missing: run make build, or say --commands FOLDER")

    def result(self, case: dict) -> Result:
        """Refused if the conversion says what it cannot do; failed if anything else is not as it should be."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            model = f"{folder}/model.momos"
            converted = [self.convert, case["model"], "-o", model, "--dense", ".*", "--allow-nonfinite", "--quiet"]
            message, code = complaint(converted)
            if message is not None:
                clear = code == BAD_DATA and message
                return Result(REFUSED if clear else FAILED, message or f"convert: exit code {code} without a message")
            if not case["numeric"]:
                return Result(FAILED, "converted, though an input or output is no tensor of a known type")
            for data in case["sets"]:
                message = self.difference(case, data, model, folder)
                if message:
                    return Result(FAILED, message)
        return Result(PASSED)

    def difference(self, case: dict, data: dict, model: str, folder: str) -> str | None:
        """What is wrong about the outputs of one data set."""
        command = [self.run, model, "--force"]
        command += [f"--input={name}={path}" for name, path in data["inputs"]]
        paths = [f"{folder}/output-{number}.npy" for number in range(len(data["outputs"]))]
        command += [f"--output={name}={path}" for path, (name, _, _) in zip(paths, data["outputs"])]
        message, _ = complaint(command)
        if message is not None:
            return f"run: {message}"
        for path, (name, expected, kind) in zip(paths, data["outputs"]):
            message = difference(np.load(path), np.load(expected), kind, case)
            if message:
                return f"output '{name}': {message}"
        return None


def complaint(command: list) -> tuple[str | None, int]:
    """Runs a command on one thread: None if it succeeds, else what it says, and its exit code."""
    command = [*map(str, command), "--threads", "1"]
    try:
        result = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not done after {TIMEOUT_SECONDS} seconds", -signal.SIGKILL
    if result.returncode == 0:
        return None, 0
    lines = result.stderr.decode(errors="replace").strip().splitlines() or [""]
    line = lines[0].removeprefix(f"{Path(command[0]).name}: ").removeprefix(f"{command[1]}: ")
    if result.returncode < 0:
        line = f"crashed ({signal.Signals(-result.returncode).name}) {line}"
    return line, result.returncode


class OnnxRuntime:
    """onnxruntime on the processor; refused is what it does not load."""

    def result(self, case: dict) -> Result:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        try:
            session = onnxruntime.InferenceSession(case["model"], options)
        except Exception as error:
            return Result(REFUSED, str(error).splitlines()[0])
        if not case["numeric"]:
            return Result(FAILED, "not a case of numeric tensors")
        for data in case["sets"]:
            try:
                outputs = session.run([name for name, _, _ in data["outputs"]], self.feeds(session, data))
            except Exception as error:
                return Result(FAILED, str(error).splitlines()[0])
            for output, (name, expected, kind) in zip(outputs, data["outputs"]):
                message = difference(output, np.load(expected), kind, case)
                if message:
                    return Result(FAILED, f"output '{name}': {message}")
        return Result(PASSED)

    @staticmethod
    def feeds(session, data: dict) -> dict[str, np.ndarray]:
        types = {value.name: value.type for value in session.get_inputs()}
        arrays = {name: np.load(path) for name, path in data["inputs"]}
        if any("bfloat16" in types.get(name, "") for name in arrays):
            raise ValueError("onnxruntime takes no bfloat16 from numpy")
        return arrays


def difference(found: np.ndarray, expected: np.ndarray, kind: str, case: dict) -> str | None:
    """What is wrong about an output, compared as the suite compares: shape, type, values within tolerances."""
    if found.shape != expected.shape:
        return f"shape {list(found.shape)}, expected {list(expected.shape)}"
    if found.dtype != expected.dtype:
        return f"type {found.dtype}, expected {expected.dtype}"
    rtol = max(case["rtol"], BFLOAT16_TOLERANCE) if kind == "bf16" else case["rtol"]
    if expected.dtype == bool:
        equal = found == expected
    else:
        with np.errstate(invalid="ignore", over="ignore"):
            equal = np.isclose(found, expected, rtol=rtol, atol=case["atol"], equal_nan=True)
    if equal.all():
        return None
    place = tuple(map(int, np.argwhere(~equal)[0]))
    return (
        f"{np.count_nonzero(~equal):,} of {equal.size:,} {kind} values differ, first at {list(place)}: "
        f"{found[place]}, expected {expected[place]}"
    )
