"""Virtual environments of the tools, each made from a pinned requirements file when it is missing or outdated."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What runs ONNX models beside momos: numpy, onnx, onnxruntime.
CONFORMANCE = (ROOT / ".venv-conformance", ROOT / "tools/conformance/requirements.txt")


def enter(folder: Path, requirements: Path) -> None:
    """Starts the running script again with the environment's Python, unless that is what runs it."""
    python = make(folder, requirements)
    if Path(sys.prefix) != folder:
        os.execv(python, [str(python), *sys.argv])


def make(
    folder: Path,
    requirements: Path,
    *,
    python: str = sys.executable,
    options: tuple[str, ...] = (),
    without_dependencies: Path | None = None,
) -> Path:
    """The environment's Python; a stamp of the requirements says whether the environment is up to date.

    Args:
        python: makes the environment.
        options: of `python -m venv`.
        without_dependencies: requirements that are installed alone, with the hashes that they state.
    """
    stamp = folder / "requirements.txt"
    files = [requirements] + ([without_dependencies] if without_dependencies else [])
    wanted = b"".join(file.read_bytes() for file in files)
    inner = folder / "bin/python"
    if stamp.exists() and stamp.read_bytes() == wanted:
        return inner
    print(f"installing {requirements.relative_to(ROOT)} into {folder.name}", file=sys.stderr, flush=True)
    subprocess.run([python, "-m", "venv", "--clear", *options, folder], check=True)
    pip = [inner, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]
    subprocess.run([*pip, requirements], check=True)
    if without_dependencies:
        subprocess.run([*pip, without_dependencies, "--no-deps", "--require-hashes"], check=True)
    stamp.write_bytes(wanted)
    return inner
