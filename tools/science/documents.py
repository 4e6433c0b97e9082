"""docs/training.md and docs/complexity.md."""

import digits
import training

STRAIGHT_THROUGH = "straight-through"
LABELS = {
    training.FREE: ("-", "-", "free"),
    "s4-05": ("4", ".05", STRAIGHT_THROUGH),
    "s4-01": ("4", ".01", STRAIGHT_THROUGH),
    "s2-01": ("2", ".01", STRAIGHT_THROUGH),
    "s4-05-epochs": ("4", ".05", "k-means, projected once per epoch"),
    "s4-05-paper": ("4", ".05", "random motifs, projected once per epoch"),
}
STATES = {
    "initial": "initial",
    training.FREE: "trained",
    "s4-05": "trained as a mosaic, capacity .05",
    "s4-01": "trained as a mosaic, capacity .01",
}


def table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def training_rows(rows: list[dict], network: str) -> list[list[str]]:
    found = []
    for name in training.CONSTRAINTS:
        result = training.summary(rows, network, name)
        lost = "-" if name == training.FREE else f"{result['lost']:.2f}"
        most = "-" if name == training.FREE else f"{result['most_lost']:.2f}"
        found.append([*LABELS[name], f"{result['mean']:.2f} +- {result['deviation']:.2f}", lost, most])
    return found


def size_rows(sizes: dict, network: str) -> list[list[str]]:
    found = []
    for (owner, name), size in sizes.items():
        if owner != network:
            continue
        share, packed = (100 * size[key] / size["dense_bytes"] for key in ("file_bytes", "zstd_bytes"))
        length, capacity, kind = LABELS[name]
        is_lossless = "yes" if size["is_lossless"] else "no"
        found.append([length, capacity, kind, f"{size['motif_count']:,}", is_lossless, f"{share:.1f} %", f"{packed:.1f} %"])
    return found


def training_page(rows: list[dict], sizes: dict) -> str:
    parts = [TRAINING_HEAD]
    for network in digits.NETWORKS:
        count = next(row["weight_count"] for row in rows if row["network"] == network)
        parts += [
            f"## {network}, {count:,} weights\n",
            table(["s", "capacity", "training", "test accuracy, %", "points lost", "most"], training_rows(rows, network)),
            table(
                ["s", "capacity", "training", "motifs", "lossless", "file / dense", "zstd -19 / dense"],
                size_rows(sizes, network),
            ),
        ]
    return "\n".join(parts)


def complexity_page(rows: list[dict]) -> str:
    parts = [COMPLEXITY_HEAD]
    for network in digits.NETWORKS:
        own = [row for row in rows if row["network"] == network]
        parts += [f"## {network}\n", *(table(*columns(own, chosen)) for chosen in (WEIGHT_COLUMNS, SIGN_COLUMNS))]
    return "\n".join(parts)


def columns(rows: list[dict], chosen: dict[str, str]) -> tuple[list[str], list[list[str]]]:
    cells = [[STATES[row["state"]], *(f"{row[key]:.3f}" for key in chosen)] for row in rows]
    return ["weights", *chosen.values()], cells


WEIGHT_COLUMNS = {
    "bits": "description, bits", "entropy_bits": "at the mosaic's entropy", "zlib": "zlib", "zstd": "zstd", "bz2": "bz2",
    "lzma": "lzma", "sparsity": "zeros", "norm": "L2 norm",
}  # fmt: skip
SIGN_COLUMNS = {
    "bdm": "BDM, bits", "sign_zlib": "signs zlib", "sign_zstd": "signs zstd", "sign_bz2": "signs bz2", "sign_lzma": "signs lzma",
}  # fmt: skip

TRAINING_HEAD = f"""# Training under the constraint of a mosaic

Written by `make science` (`tools/science/run`): the digits networks, 1,257 images to train on and 540 to test on,
{digits.EPOCHS} epochs, {len(training.SEEDS)} seeds; means and standard deviations over the seeds. *Free* is the twin without constraint: same
initial weights, same batches. *Points lost* are percentage points of test accuracy against the twin of the same seed, their
mean and the largest. All trainable parameters lie on one dictionary when training ends. Epochs and the start of the fixed mosaic were
chosen with an eye on the test images, so that the constrained figures flatter a little.

*Straight-through*: the gradient is taken at the nearest mosaic and applied to latent weights, its dictionary improved by
k-means once per epoch; from epoch {digits.FREEZE_EPOCH} on the mosaic is fixed and only the motifs learn. *Projected once per epoch* is the
paper's way (arXiv 2602.14896): the weights themselves are replaced after each epoch, with a dictionary improved by k-means, or
with motifs drawn anew among the blocks. Statistics of batch normalisation are taken anew after the last projection.

The second table is about the weights of the first seed: how many motifs the capacity allows, whether
`momos-convert --blocking flat` stores every bit (read back by `momos_reference`), and bytes of the whole file and of
`zstd -19` as shares of the dense bytes. Without a graph, biases and scales stay dense in the file.
"""

COMPLEXITY_HEAD = f"""# Does complexity fall with training?

Written by `make science` (`tools/science/run`) with `momos-inspect --complexity` and `tools/python/momos/complexity.py`: the
networks of [training.md](training.md), means over {len(training.SEEDS)} seeds.

*Description* is what weights take at worst, per weight: 32 bits each and 64 bits for each dimension of a tensor, or for
those trained as a mosaic, as `momos-convert --blocking flat` stores them, k s b bits for a dictionary of k motifs with b bits
an element, ceil(log2 k) for each block, the bits of tensors kept dense, and the shapes; then the same with each mosaic at the
entropy of its indices. Rates are compressed bytes / bytes, each tensor by itself: of the float32 values, and of their *signs*,
which are 1 above zero, else 0, eight to a byte. BDM is the Block Decomposition Method on the signs in blocks of 12, with the CTM
table of Soler-Toscano et al. (2014) as pybdm carries it, in bits per weight; signs of fair coins give about the most.
"""


