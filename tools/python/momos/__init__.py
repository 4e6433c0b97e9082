"""Neural networks stored as mosaics of motifs, and executed directly from that form.

    with momos.open("model.momos") as model:
        model["fc1.weight"]                 # facts of a tensor; nothing is loaded yet
        model["fc1.weight"].numpy()         # its weights, reconstructed
        model["embeddings"][[3, 17]]        # two rows, only these reconstructed
        model["fc1.weight"] @ x             # W x, straight from the mosaic
        model.run({"images": images})       # {"logits": ...}, straight from the mosaics
    momos.convert("model.onnx", "model.momos", bits=2)
    momos.verify("model.momos", "model.onnx", input={"images": images})

Beside that: weights under the constraint of a mosaic in numpy (`momos.projection`) and PyTorch (`momos.torch`), and
`python -m momos`.
"""

from momos.errors import (
    BadDataError,
    CancelledError,
    MissingError,
    MomosError,
    SystemRefusedError,
    UsageError,
    VerificationError,
)
from momos.library import format_version, library_version
from momos.model import Model, Tensor, Value, open
from momos.work import convert, load_file, save_file, verify

__all__ = [
    "BadDataError",
    "CancelledError",
    "MissingError",
    "Model",
    "MomosError",
    "SystemRefusedError",
    "Tensor",
    "UsageError",
    "Value",
    "VerificationError",
    "convert",
    "format_version",
    "library_version",
    "load_file",
    "open",
    "save_file",
    "verify",
]
