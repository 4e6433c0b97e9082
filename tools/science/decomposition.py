"""docs/decomposition.md: planted parts, noise, and the digits network with its weights before training."""

import itertools
import json
import math
import statistics
import subprocess
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "fixtures/sources/digits-mlp"
SIGMA = 0.05
ALPHA = 0.01
BLOCK_LENGTH = 4
PLANTED_SCALE = 4
PART_COUNTS = (2, 4, 8)
# Matrices of each length.
SEEDS = {1024: 100, 4096: 5}
NOISE_LENGTH = 512
NOISE_SEEDS = 100
# Matrices and samples of the comparison of the weights' view with that of co-activation.
VIEW_LENGTH = 256
VIEW_SEEDS = 20
VIEW_SAMPLES = 1024
# The matrix that is stored whole, as parts, and as parts with what lies across them.
STORED_LENGTH = 1024
STORED_PARTS = 4
STORED_BITS = 2
STORED_FORMS = (
    ("whole", ()),
    ("parts", ("--decompose", "--max-loss", 1)),
    ("parts and what lies across", ("--decompose", "--max-loss", 0)),
)
LOSSES = (0.0001, 0.001, 0.01, 0.1, 1)
# What is asked of the speeds of 2, 4 and 8 parts of a 4096 x 4096 matrix, by batch.
ASKED_SPEEDS = {1: (1.6, 2.5, 3.5), 64: (1.7, 3, 5)}
# Measurements of which the median is taken.
SPEED_ROUNDS = 11


class Commands:
    def __init__(self, folder: Path, work: Path):
        self.folder = folder
        self.work = work

    def __call__(self, name: str, *arguments) -> str:
        command = [str(self.folder / name), *map(str, arguments)]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def planned(self, matrix: np.ndarray, *options) -> dict:
        """What momos-convert finds in a matrix, without fitting it."""
        np.save(self.work / "w.npy", matrix)
        report = self(
            "momos-convert", self.work / "w.npy", "--block-length", BLOCK_LENGTH, "--dry-run", "--json", "--decompose",
            "--threads", 1, *options,
        )  # fmt: skip
        return json.loads(report)["decomposition"]["tensors"][0]


def planted_matrix(length: int, part_count: int, seed: int) -> tuple[np.ndarray, list]:
    """Noise with a block-diagonal matrix on it, rows and columns shuffled; rows and columns of each part."""
    generator = np.random.default_rng((seed, part_count))
    row_parts, column_parts = (generator.permutation(np.arange(length) * part_count // length) for _ in range(2))
    noise = generator.standard_normal((length, length), dtype=np.float32)
    planted = generator.standard_normal((length, length), dtype=np.float32)
    inside = row_parts[:, None] == column_parts[None, :]
    parts = [[np.flatnonzero(lists == part).tolist() for lists in (row_parts, column_parts)] for part in range(part_count)]
    return np.float32(SIGMA) * (noise + PLANTED_SCALE * planted * inside), sorted(parts)


def found_parts(tensor: dict) -> list:
    return sorted([part.get("rows"), part.get("columns")] for part in tensor["parts"])


def planted_row(commands: Commands, length: int, part_count: int) -> dict:
    recovered = {"given": 0, "estimated": 0}
    for seed in range(SEEDS[length]):
        matrix, parts = planted_matrix(length, part_count, seed)
        given = ("--initialization", f"normal:{SIGMA}")
        recovered["given"] += found_parts(commands.planned(matrix, *given)) == parts
        recovered["estimated"] += found_parts(commands.planned(matrix)) == parts
    return {"length": length, "parts": part_count, "count": SEEDS[length], **recovered}


def speed_row(commands: Commands, part_count: int) -> dict:
    """How many times as fast the parts of a 4096 x 4096 matrix are as the whole, by batch, on one thread."""
    work = commands.work
    np.save(work / "w.npy", planted_matrix(4096, part_count, 0)[0])
    commands(
        "momos-convert", work / "w.npy", "-o", work / "w.momos", "--block-length", BLOCK_LENGTH, "--effort", "fast",
        "--force", "--quiet", "--decompose", "--initialization", f"normal:{SIGMA}",
    )  # fmt: skip
    ratios = {batch: [] for batch in ASKED_SPEEDS}
    for _ in range(SPEED_ROUNDS):
        report = json.loads(commands("momos-inspect", work / "w.momos", "--decomposition", "--speed", "--threads", 1, "--json"))
        (tensor,) = report["tensors"]
        for speed in tensor["speeds"]:
            ratios[speed["batch"]].append(speed["whole_seconds"] / speed["seconds"])
    speeds = {batch: statistics.median(values) for batch, values in ratios.items()}
    return {"parts": part_count, "speeds": speeds, "zero": tensor["annealed_share"]}


def layer_graph(length: int) -> dict:
    """y = W x."""
    values = [{"name": name, "element_type": "f32", "dimensions": ["n", length]} for name in "xy"]
    node = {
        "name": "layer", "operator": "Gemm", "inputs": ["x", "w"], "outputs": ["y"],
        "attributes": [{"name": "transB", "int": 1}],
    }  # fmt: skip
    graph = {"name": "layer", "inputs": values[:1], "outputs": values[1:], "nodes": [node]}
    return {"operator_sets": [{"domain": "", "version": 17}], "graphs": [graph]}


def grouped_inputs(parts: list, length: int, seed: int) -> np.ndarray:
    """Samples in which the columns of each part are normal numbers with the probability 1/4, else all zero."""
    generator = np.random.default_rng((seed, len(parts), 1))
    samples = generator.standard_normal((VIEW_SAMPLES, length), dtype=np.float32)
    for _, columns in parts:
        samples[np.ix_(generator.random(VIEW_SAMPLES) >= 0.25, columns)] = 0
    return samples


def view_row(commands: Commands, part_count: int) -> dict:
    work = commands.work
    (work / "layer.json").write_text(json.dumps(layer_graph(VIEW_LENGTH)))
    row = {"parts": part_count, "weights": 0, "coactivation": 0, "edges": 0, "confirmed": 0}
    for seed in range(VIEW_SEEDS):
        matrix, parts = planted_matrix(VIEW_LENGTH, part_count, seed)
        np.save(work / "x.npy", grouped_inputs(parts, VIEW_LENGTH, seed))
        tensor = commands.planned(
            matrix, "--graph", work / "layer.json", "--calibration", f"x={work / 'x.npy'}", "--initialization",
            f"normal:{SIGMA}", "--max-loss", 1,
        )  # fmt: skip
        agreement = tensor["findings"]["agreement"]
        row["weights"] += found_parts(tensor) == parts
        row["coactivation"] += found_parts({"parts": agreement["coupled_parts"]}) == parts
        row["edges"] += agreement["edge_count"]
        row["confirmed"] += agreement["confirmed_edge_count"]
    return row


def stored_rows(commands: Commands) -> list[dict]:
    """A planted matrix as one mosaic and in parts, fitted to correlated inputs."""
    work = commands.work
    matrix, parts = planted_matrix(STORED_LENGTH, STORED_PARTS, 0)
    generator = np.random.default_rng(7)
    sample_count = 5 * VIEW_SAMPLES
    common = generator.standard_normal((sample_count, STORED_LENGTH // 8), dtype=np.float32)
    mixing = generator.standard_normal((STORED_LENGTH // 8, STORED_LENGTH), dtype=np.float32) / math.sqrt(STORED_LENGTH // 8)
    own = generator.standard_normal((sample_count, STORED_LENGTH), dtype=np.float32)
    samples = (common @ mixing + np.float32(0.3) * own).astype(np.float32)
    samples, unseen = samples[VIEW_SAMPLES:], samples[:VIEW_SAMPLES]
    np.save(work / "w.npy", matrix)
    np.save(work / "x.npy", samples)
    (work / "layer.json").write_text(json.dumps(layer_graph(STORED_LENGTH)))
    output = unseen @ matrix.T
    rows = []
    for name, chosen in STORED_FORMS:
        initialization = ("--initialization", f"normal:{SIGMA}") if chosen else ()
        report = commands(
            "momos-convert", work / "w.npy", "--graph", work / "layer.json", "-o", work / "w.momos", "--bits", STORED_BITS,
            "--form", "plain", "--calibration", f"x={work / 'x.npy'}", "--force", "--json", *chosen, *initialization,
        )  # fmt: skip
        commands("momos-inspect", work / "w.momos", "--extract", f"w={work / 'stored.npy'}", "--force")
        error = unseen @ np.load(work / "stored.npy").T - output
        (tensor,) = json.loads(report)["tensors"]
        classes = sorted({part.split(" (")[0] for part in tensor["class_name"].split(", ")})
        rows.append({
            "form": name, "classes": classes, "bytes": tensor["byte_count"],
            "error": float(np.linalg.norm(error) / np.linalg.norm(output)),
        })  # fmt: skip
    return rows


def noise_matrix(form: str, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    shape = (NOISE_LENGTH, NOISE_LENGTH)
    deviation = math.sqrt(2 / NOISE_LENGTH)
    if form == "kaiming-normal":
        return generator.normal(0, deviation, shape).astype(np.float32)
    return generator.uniform(-math.sqrt(3) * deviation, math.sqrt(3) * deviation, shape).astype(np.float32)


def noise_row(commands: Commands, form: str) -> dict:
    with_parts, kept = 0, []
    for seed in range(NOISE_SEEDS):
        tensor = commands.planned(noise_matrix(form, seed), "--initialization", form)
        with_parts += tensor["findings"]["found_part_count"] > 0
        kept.append(1 - tensor["annealed_share"])
    blocks = NOISE_SEEDS * NOISE_LENGTH**2 // BLOCK_LENGTH
    return {"form": form, "with_parts": with_parts, "kept": float(np.mean(kept)), "error": math.sqrt(ALPHA * (1 - ALPHA) / blocks)}


def digits_rows(commands: Commands) -> list[dict]:
    work = commands.work
    images = {}
    for kind in ("train", "test"):
        images[kind] = work / f"{kind}.npy"
        np.save(images[kind], np.load(DIGITS / f"{kind}_images.npy").astype(np.float32))
    labels = np.load(DIGITS / "test_labels.npy")
    rows = []
    for rule, loss in [(None, None), *itertools.product(("statistical", "perturbation"), LOSSES)]:
        file = work / "digits.momos"
        initial = ("--initial-weights", DIGITS / "initial")
        chosen = () if loss is None else ("--decompose", *initial, "--max-loss", loss, "--annealing", rule)
        report = commands(
            "momos-convert", DIGITS / "weights", "--graph", DIGITS / "graph.json", "-o", file, "--block-length",
            BLOCK_LENGTH, "--calibration", f"images={images['train']}", "--force", "--json", *chosen,
        )  # fmt: skip
        commands(
            "momos-run", file, "--input", f"images={images['test']}", "--output", f"logits={work / 'logits.npy'}",
            "--force",
        )  # fmt: skip
        accuracy = np.mean(np.load(work / "logits.npy").argmax(axis=1) == labels)
        tensors = {tensor["name"]: tensor for tensor in json.loads(report).get("decomposition", {}).get("tensors", [])}
        rows.append({"loss": loss, "rule": rule, "tensors": tensors, "accuracy": accuracy, "bytes": file.stat().st_size})
    return rows


def pictures(commands: Commands) -> str:
    """Four planted parts as they are and together, in SVG."""
    work = commands.work
    np.save(work / "w.npy", planted_matrix(256, 4, 0)[0])
    commands(
        "momos-convert", work / "w.npy", "-o", work / "w.momos", "--block-length", BLOCK_LENGTH, "--force", "--quiet",
        "--decompose", "--initialization", f"normal:{SIGMA}",
    )  # fmt: skip
    commands("momos-inspect", work / "w.momos", "--picture", f"w={work / 'w.svg'}", "--force")
    return (work / "w.svg").read_text()


def results(commands_folder: Path, work: Path) -> dict:
    commands = Commands(commands_folder, work)
    return {
        "planted": [planted_row(commands, length, count) for length in SEEDS for count in PART_COUNTS],
        "speeds": [speed_row(commands, count) for count in PART_COUNTS],
        "views": [view_row(commands, count) for count in PART_COUNTS],
        "stored": stored_rows(commands),
        "noise": [noise_row(commands, form) for form in ("kaiming-normal", "kaiming-uniform")],
        "digits": digits_rows(commands),
        "picture": pictures(commands),
    }


def failures(found: dict) -> list[str]:
    """What is not within its bounds."""
    failed = []
    for row in found["planted"]:
        if row["given"] < 0.98 * row["count"]:
            failed.append(f"{row['parts']} planted parts found in {row['given']} of {row['count']} matrices")
    for row in found["views"]:
        if row["coactivation"] < 0.98 * VIEW_SEEDS:
            failed.append(f"{row['parts']} groups of inputs found in {row['coactivation']} of {VIEW_SEEDS} matrices")
    for row in found["noise"]:
        if row["with_parts"] > 0.01 * NOISE_SEEDS:
            failed.append(f"parts in {row['with_parts']} of {NOISE_SEEDS} matrices of {row['form']} noise")
        if abs(row["kept"] - ALPHA) > 3.3 * row["error"]:
            failed.append(f"{row['kept']} of {row['form']} noise kept at level {ALPHA}")
    return failed


def percent(share: float, decimals: int = 1) -> str:
    return f"{100 * share:.{decimals}f} %"


def page(found: dict, table) -> str:
    """The document; `table` makes one of headings and rows."""
    planted = [
        [f"{row['length']} x {row['length']}", f"{row['parts']}", *(f"{row[key]} of {row['count']}" for key in ("given", "estimated"))]
        for row in found["planted"]
    ]
    speeds = [
        [f"{row['parts']}", percent(row["zero"]), *(f"{row['speeds'][batch]:.2f} ({ASKED_SPEEDS[batch][position]})" for batch in ASKED_SPEEDS)]
        for position, row in enumerate(found["speeds"])
    ]
    noise = [
        [row["form"], f"{row['with_parts']} of {NOISE_SEEDS}", f"{percent(row['kept'], 3)} +- {percent(1.96 * row['error'], 3)}"]
        for row in found["noise"]
    ]
    views = [
        [
            f"{row['parts']}", *(f"{row[key]} of {VIEW_SEEDS}" for key in ("weights", "coactivation")),
            percent(row["confirmed"] / row["edges"]),
        ]
        for row in found["views"]
    ]  # fmt: skip
    together = []
    for name, tensor in next(row for row in found["digits"] if row["tensors"])["tensors"].items():
        agreement = tensor["findings"]["agreement"]
        share = agreement["coactivation_count"] / math.prod(tensor["matrix_shape"])
        confirmed = f"{agreement['confirmed_edge_count']:,} of {agreement['edge_count']:,}"
        sizes = " + ".join(f"{len(part['rows'])} x {len(part['columns'])}" for part in agreement["coupled_parts"])
        together.append([name, " x ".join(map(str, tensor["matrix_shape"])), percent(share), sizes or "none", confirmed])
    digits = []
    for row in found["digits"]:
        layers = [row["tensors"].get(f"fc{layer}.weight") for layer in (1, 2, 3)]
        shares = ["-" if layer is None else percent(layer["annealed_share"]) for layer in layers]
        names = ("not decomposed", "-") if row["loss"] is None else (row["rule"], f"{row['loss']:g}")
        digits.append([*names, *shares, percent(row["accuracy"]), f"{row['bytes']:,}"])
    part_counts = {layer["findings"]["found_part_count"] for row in found["digits"] for layer in row["tensors"].values()}
    return "\n".join(
        [
            HEAD,
            table(["matrix", "parts", "recovered, null given", "recovered, null estimated"], planted),
            SPEED_HEAD,
            table(["parts", "zero weights", "speed, batch 1", "batch 64"], speeds),
            PICTURE,
            VIEWS_HEAD,
            table(["parts", "recovered by the weights", "by co-activation", "edges confirmed"], views),
            STORED_HEAD,
            table(
                ["stored as", "classes", "bytes", "error of the outputs"],
                [[row["form"], ", ".join(row["classes"]), f"{row['bytes']:,}", percent(row["error"])] for row in found["stored"]],
            ),
            NOISE_HEAD,
            table(["noise", "parts reported", "blocks kept (95 % interval of the level)"], noise),
            DIGITS_HEAD.format(parts="none" if part_counts == {0} else f"up to {max(part_counts)} in a matrix"),
            table(["annealing", "max loss", "zero weights of fc1", "fc2", "fc3", "test accuracy", "bytes"], digits),
            TOGETHER_HEAD,
            table(["matrix", "size", "pairs active together", "coupled", "significant weights of such pairs"], together),
        ]
    )


HEAD = f"""# Decomposition

Written by `make science` (`tools/science/run`): what `momos-convert --decompose` finds, alpha {ALPHA}, sequences of one block of
{BLOCK_LENGTH} weights. The null hypothesis is that a weight is still distributed as at initialisation (arXiv 2601.15871): a block
that the test does not reject becomes the zero motif, and rows and columns that significant weights connect become parts.
What the tests are is in the comments of `Sources/MomosFit/Decomposition`.

## Planted parts

Noise of standard deviation {SIGMA}; inside of the parts normal numbers of {PLANTED_SCALE} times that are added; rows and columns are
shuffled. *Recovered* means that rows and columns of all parts are exactly those planted. *Given* is
`--initialization normal:{SIGMA}`; *estimated* says nothing, so that the standard deviation is estimated from the trained
weights, of which one in as many as there are parts is not noise.
"""
SPEED_HEAD = """How many times as fast as one mosaic of the same motifs without parts, 4096 x 4096 at 2 bits a weight, on one thread
(the median of eleven `momos-inspect --decomposition --speed`), and in brackets what was asked for. Each part builds the tables of its own columns,
so that the parts together build as many as the whole; what is divided among them is looking numbers up:
"""
PICTURE = """The sizes of the weights of a 256 x 256 matrix with four planted parts, as stored, and the same with rows and columns of each
part together (`momos-inspect --picture`):

![before and after](decomposition.svg)
"""
VIEWS_HEAD = f"""## Two views

With samples, a matrix is looked at twice. Its weights say what training connected. Its inputs and outputs say what is active
together: a number is *active* in a sample where its magnitude exceeds its root mean square over all samples, and an output
*co-occurs* with an input where samples with both active are more than chance allows (Fisher's exact test, one-sided, at alpha
over the number of pairs). Rows and columns that such pairs connect are *coupled*. Where that makes more parts, pairs need twice or
four times the logarithm of the probability to couple, so that weak ties drop out.

The weights decide parts. A significant weight across them is a *bridge*; if its output and input are active together it is
in use, and the parts at its ends are one; if not it is cut where `--max-loss` allows. Vectors of one execution (words, places of
an image) count as independent samples, which they are not quite. An output is what the matrix gives before a bias is added. At
most 16,384 vectors are looked at, evenly chosen, as bits: 256 MiB in all, and the graph is executed once more for as many matrices as
those hold. `momos-convert` reports both views in text and JSON, with `--dry-run` too; a file does not hold them.

Planted parts of {VIEW_LENGTH} x {VIEW_LENGTH} as above, {VIEW_SEEDS} seeds, {VIEW_SAMPLES} samples in which the inputs of each part are active with the
probability 1/4. *Edges confirmed* are significant weights whose pairs are active together.
"""
TOGETHER_HEAD = """What is active together on the training images; coupled parts by rows and columns:
"""
STORED_HEAD = f"""## Bits and feedback of parts

Parts are fitted to their inputs as whole matrices are: errors of one weight are made good by later ones of its part, blocks that are
zero by decision stay zero and are made good for too, and what no part covers moves the weights of the part, as far as its
inputs say what those of others are. Outliers are those of a part. With a goal (`--bits`, `--target-size`,
`--target-cosine`) each part has a class of its own, with the least loss in the bytes that the parts take in the class of the whole
matrix. Where what lies across parts is worth more than `--max-loss`, or a bridge is in use, it is stored in parts of its own, one for
the rows of each part, which get fewer bits; it is not annealed, and is executed beside the parts, so that nothing becomes faster.

A planted matrix of {STORED_LENGTH} x {STORED_LENGTH} with {STORED_PARTS} parts as above, `--bits {STORED_BITS} --form plain`, all inputs correlated; bytes of indices
and row scales, dictionaries apart; the error of the outputs, |(W - V) X| / |W X|, on samples that were not calibrated on:
"""
NOISE_HEAD = f"""## Noise

Matrices of {NOISE_LENGTH} x {NOISE_LENGTH} as they are initialised: what the tests see in them is an error.
"""
DIGITS_HEAD = """## The digits network

64-256-256-10, 2 bits per weight, with its weights before training as the null hypothesis, calibrated on the training images.
`--max-loss` bounds what the outputs lose (1 - cosine) through the zeros of one matrix; 1 lets the level alone decide.
*Statistical* annealing keeps blocks whose weights are unlikely to be as they were drawn; *perturbation* (`--annealing
perturbation`) those without which the outputs lose more, on the second moments of the inputs, than through all but the share
alpha of blocks that lie anywhere in the matrix with weights as they were drawn. It takes a product of each block with its
moments, no execution.
Parts found: {parts}.
"""
