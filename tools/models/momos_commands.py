"""The commands of momos, on arrays instead of files."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

# 2 bits a weight by the plainest means: one stage of k-means over rows of a common scale.
TWO_BITS = ("--block-length", "4", "--motifs", "256", "--stages", "1")
DENSE = ("--dense", ".*")


class MomosCommands:
    def __init__(self, folder: Path):
        self.folder = folder.resolve()

    def convert(self, source: Path, target: Path, options: tuple[str, ...]) -> dict:
        """Converts a model, and returns the report."""
        return json.loads(self._output("momos-convert", source, "-o", target, "--force", "--json", *options))

    def run(self, model: Path, inputs: dict[str, np.ndarray], outputs: list[str], *options: str) -> list[np.ndarray]:
        """Executes a converted model once."""
        with tempfile.TemporaryDirectory() as folder:
            paths = [f"{folder}/output-{number}.npy" for number in range(len(outputs))]
            arguments = [f"--output={name}={path}" for name, path in zip(outputs, paths)]
            self._output("momos-run", model, *self.saved(inputs, folder), *arguments, *options)
            return [np.load(path) for path in paths]

    def bench(self, model: Path, inputs: dict[str, np.ndarray], *options: str) -> dict:
        """Measures a converted model, and returns the report."""
        with tempfile.TemporaryDirectory() as folder:
            report = self._output("momos-run", model, *self.saved(inputs, folder), "--bench", "--json", *options)
        return json.loads(report)

    @staticmethod
    def saved(inputs: dict[str, np.ndarray], folder: str) -> list[str]:
        """Saves the inputs, and returns the arguments that name them."""
        arguments = []
        for number, (name, array) in enumerate(inputs.items()):
            path = f"{folder}/input-{number}.npy"
            np.save(path, array)
            arguments.append(f"--input={name}={path}")
        return arguments

    def _output(self, command: str, *arguments) -> str:
        path = self.folder / command
        if not path.exists():
            sys.exit(f"{path} is missing: run make build, or say --commands FOLDER")
        result = subprocess.run([path, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=False)
        if result.returncode != 0:
            sys.exit(f"{command} failed with exit code {result.returncode}")
        return result.stdout
