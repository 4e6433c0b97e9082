"""The environment that exports models: Debian's PyTorch, and beside it what the requirements pin."""

import subprocess
import sys
from pathlib import Path

import environment

FOLDER = Path(__file__).resolve().parent
# Debian's, which python3-torch belongs to.
PYTHON = "/usr/bin/python3"


def make() -> Path:
    """The environment's Python."""
    if subprocess.run([PYTHON, "-c", "import torch"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        sys.exit("PyTorch is missing: apt-get install python3-torch")
    return environment.make(
        environment.ROOT / ".venv-export", FOLDER / "requirements-export.txt", python=PYTHON,
        options=("--system-site-packages",), without_dependencies=FOLDER / "requirements-weights.txt",
    )  # fmt: skip
