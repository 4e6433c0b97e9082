"""Measures how complex the weights of the digits networks are: initial, trained freely, trained as a mosaic."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import digits
import training
from momos import complexity

STATES = ("initial", training.FREE, "s4-05", "s4-01")


def complexity_rows(commands: Path, cache: Path) -> list[dict]:
    """The means over the seeds for each network and state."""
    return [
        {"network": network, "state": state, **mean([measured(commands, cache, network, state, s) for s in training.SEEDS])}
        for network in digits.NETWORKS
        for state in STATES
    ]


def mean(rows: list[dict]) -> dict:
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def measured(commands: Path, cache: Path, network: str, state: str, seed: int) -> dict:
    source = training.weights_path(cache, network, state, seed)
    report = inspected(commands, source)
    total = report["total"]
    with np.load(source) as arrays:
        weights = dict(arrays)
    rates = complexity.compression_rates(weights)
    signs = complexity.compression_rates(weights, of_signs=True)
    return {
        "zlib": total["zlib_rate"], "zstd": total["zstd_rate"], "bz2": rates["bz2"], "lzma": rates["lzma"],
        "sign_zlib": total["sign_zlib_rate"], "sign_zstd": total["sign_zstd_rate"],
        "sign_bz2": signs["bz2"], "sign_lzma": signs["lzma"],
        "bdm": total["block_decomposition"] / total["weight_count"],
        "sparsity": total["sparsity"], "norm": total["l2_norm"],
        **description(commands, source, state, report),
    }  # fmt: skip


def description(commands: Path, source: Path, state: str, dense: dict) -> dict:
    """Bits per weight: of the dense parameterisation, or of the mosaic that conversion stores."""
    report = dense
    if state in training.CONSTRAINTS and state != training.FREE:
        length = training.CONSTRAINTS[state].options["block_length"]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "weights.momos")
            command = [commands / "momos-convert", source, "-o", file, "--blocking", "flat", "--block-length", length]
            subprocess.run([*map(str, command), "--quiet"], check=True)
            report = inspected(commands, file)
    lengths = report["description"]
    count = report["total"]["weight_count"]
    parts = ("dictionary_bits", "mosaic_bits", "row_scale_bits", "outlier_bits", "dense_tensor_bits", "shape_bits")
    whole = sum(lengths[part] for part in parts)
    return {
        "bits": whole / count,
        "entropy_bits": (whole - lengths["mosaic_bits"] + lengths["mosaic_entropy_bits"]) / count,
    }


def inspected(commands: Path, path: Path) -> dict:
    command = [str(commands / "momos-inspect"), str(path), "--complexity", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
