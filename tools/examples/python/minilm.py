"""MiniLM at 3 bits per weight, from Python, cell by cell: convert, look inside, embed sentences, compare.

    pip install ./tools/python
    make models-check                       # leaves .build-models/minilm.onnx
    python tools/examples/python/minilm.py [MODEL.onnx] [FILE.momos]

`# %%` begins a cell in editors that know notebooks.
"""

# %% Token ids of sentences, and the network
import pathlib
import sys
import time

import numpy as np

import momos

ROOT = pathlib.Path(__file__).resolve().parents[3]
SOURCE = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".build-models/minilm.onnx"
TARGET = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else SOURCE.with_suffix(".momos")


def sentences(name: str, count: int) -> dict[str, np.ndarray]:
    """Ids and masks [count, longest] of the first sentences of a set, padded with zeros."""
    with np.load(ROOT / "fixtures/onnx/minilm-tokens.npz") as tokens:
        lengths = tokens[f"{name}_lengths"].astype(int)[:count]
        ids = np.split(tokens[f"{name}_ids"].astype(np.int64), np.cumsum(lengths))[:count]
    mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int64)
    padded = np.zeros_like(mask)
    padded[mask == 1] = np.concatenate(ids)
    return {"input_ids": padded, "attention_mask": mask}


# %% Convert: 64 sentences tell which weights matter
report = momos.convert(SOURCE, TARGET, bits=3, calibration=sentences("calibration", 64), force=True)
print(f"{report['source_byte_count']:,} bytes became {report['file_byte_count']:,}: "
      f"{report['bits']:.2f} bits per fitted weight")  # fmt: skip

# %% Look inside: nothing is loaded until it is asked for
model = momos.open(TARGET)
mosaics = [tensor for tensor in model.values() if tensor.kind == "mosaic"]
print(f"{len(mosaics)} of {len(model)} tensors are mosaics; the largest is {max(mosaics, key=lambda t: t.size)}")
print("inputs:", ", ".join(value.name for value in model.inputs))

# %% Embed sentences, straight from the mosaics
inputs = sentences("evaluation", 32)
model.run(inputs)
start = time.perf_counter()
embeddings = model.run(inputs)["embedding"]
print(f"{len(embeddings)} sentences in {1000 * (time.perf_counter() - start):.0f} ms")

# %% Compare with the dense network: the same file format, every tensor kept as it is
dense_path = TARGET.with_suffix(".dense.momos")
momos.convert(SOURCE, dense_path, dense=".*", force=True, progress=False)
with momos.open(dense_path) as dense:
    expected = dense.run(inputs, precision="exact")["embedding"]
dense_path.unlink()
cosines = np.sum(embeddings * expected, axis=1) / (
    np.linalg.norm(embeddings, axis=1) * np.linalg.norm(expected, axis=1)
)
print(f"cosines with the dense embeddings: mean {cosines.mean():.4f}, least {cosines.min():.4f}")

# %% Which sentences are alike? The dense network answers the same
alike = (embeddings @ embeddings.T - 2 * np.eye(len(embeddings))).argmax(axis=1)
wanted = (expected @ expected.T - 2 * np.eye(len(expected))).argmax(axis=1)
print(f"nearest sentence agrees for {np.mean(alike == wanted):.0%}")
