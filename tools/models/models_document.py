"""docs/models.json, the facts, and docs/models.md, which shows them."""

import json
import platform
from pathlib import Path

import environment

FACTS = environment.ROOT / "docs/models.json"
PAGE = environment.ROOT / "docs/models.md"


def record(**facts) -> None:
    """Replaces facts by name, keeps the others, and writes both files."""
    known = json.loads(FACTS.read_text()) if FACTS.exists() else {}
    known.update(facts)
    FACTS.write_text(json.dumps(known, indent=1) + "\n")
    PAGE.write_text(page(known))


def page(facts: dict) -> str:
    lines = ["# Whole models", "", "Written by `make models` (`tools/models/run`) and `tools/models/speed`.", ""]
    if "minilm" in facts:
        lines += [
            "## all-MiniLM-L6-v2",
            "",
            "Built by `tools/models/build_minilm.py` (opset 14, dynamic batch and sequence; mean pooling and normalisation in the",
            f"graph), run on {facts['minilm']['sentences']} sentences from the documentation of Python's standard library, compared",
            f"with onnxruntime {facts['minilm']['onnxruntime']} on the dense model. Calibrated conversions saw 2,048 other",
            "sentences of the same kind; the first of them calibrates, the others use what it saved. p5 is the 5th percentile.",
            "",
            *table(facts["minilm"]["forms"], MINILM_COLUMNS),
            "",
        ]  # fmt: skip
    if "digits_cnn" in facts:
        lines += [
            "## Digits CNN",
            "",
            "[fixtures/onnx/digits-cnn.onnx](../fixtures/onnx/digits-cnn.onnx): three convolutions, one of them grouped, batch",
            "normalisation, a residual, global pooling; 540 test images; logits against onnxruntime's.",
            "",
            *table(facts["digits_cnn"]["forms"], DIGITS_COLUMNS),
            "",
        ]
    if "speed" in facts:
        speed = facts["speed"]
        lines += [
            "## Speed",
            "",
            f"One thread each, in turn, medians; {speed['processor']}, onnxruntime {speed['onnxruntime']} in f32. Ratios carry",
            "further than milliseconds.",
            "",
            *table(speed["rows"], SPEED_COLUMNS),
            "",
        ]
    return "\n".join(lines)


# Columns: title, key, format.
MINILM_COLUMNS = (
    ("weights", "form", "{}"), ("calibrated", "calibrated", "{}"), ("bits per fitted weight", "bits", "{:.3f}"),
    ("mean cosine", "mean_cosine", "{:.4f}"), ("p5", "p5_cosine", "{:.4f}"),
    ("largest difference", "largest_difference", "{:.1e}"), ("bytes", "file_bytes", "{:,}"),
    ("of the source", "share", "{:.1%}"), ("seconds", "seconds", "{:.0f}"),
)  # fmt: skip
DIGITS_COLUMNS = (
    ("weights", "form", "{}"), ("accuracy", "accuracy", "{:.2%}"), ("largest difference", "largest_difference", "{:.1e}"),
    ("bits per fitted weight", "bits", "{:.2f}"), ("bytes", "file_bytes", "{:,}"), ("of the source", "share", "{:.1%}"),
)  # fmt: skip
SPEED_COLUMNS = (
    ("model", "model", "{}"), ("weights", "form", "{}"), ("momos, ms", "momos_ms", "{:.2f}"),
    ("onnxruntime, ms", "onnxruntime_ms", "{:.2f}"), ("ratio", "ratio", "{:.2f}"), ("spread", "spread", "{}"),
    ("weights, of the source", "share", "{:.1%}"),
)  # fmt: skip


def table(rows: list[dict], columns: tuple) -> list[str]:
    lines = ["| " + " | ".join(title for title, _, _ in columns) + " |", "|---" * len(columns) + "|"]
    for row in rows:
        lines.append("| " + " | ".join(style.format(row[key]) for _, key, style in columns) + " |")
    return lines


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
