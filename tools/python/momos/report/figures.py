"""The figures of a report, each as SVG that takes the colours of text and background from its page."""

from __future__ import annotations

import io
import re
from typing import Callable

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from .gather import Subject

# Legible on white and on black.
BLUE, ORANGE, GREEN = "#4f8fdb", "#e08a3c", "#4aa564"
DIVERGING = LinearSegmentedColormap.from_list("momos", ["#2f6fd0", "#f4f4f4", "#d0602f"])
# Stands for the colour of the page's text until the SVG is written.
_INK = "#010203"
_STYLE = {
    "svg.fonttype": "none", "svg.hashsalt": "momos", "font.family": "sans-serif", "font.size": 9, "axes.edgecolor": _INK,
    "axes.labelcolor": _INK, "text.color": _INK, "xtick.color": _INK, "ytick.color": _INK, "axes.spines.top": False,
    "axes.spines.right": False, "legend.frameon": False, "figure.facecolor": "none", "axes.facecolor": "none",
}  # fmt: skip
# Inches: a phone shows it at about its own size.
_WIDTH = 4.4
# Blocks of a mosaic that are drawn in each direction, and motifs of a dictionary.
_MOST_BLOCKS = 256
_MOST_MOTIFS = 256


def _drawn(height: float, draw: Callable[[Figure], None]) -> str:
    """The SVG of a figure; ids differ between figures of one page."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        draw(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    text = text[text.index("<svg") :].replace(_INK, "currentColor")
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, 1), 1)
    prefix = f"{draw.__name__.strip('_')}-"
    text = re.sub(r'\bid="', f'id="{prefix}', text)
    return re.sub(r'(href="#|url\(#)', rf"\1{prefix}", text)


def bits_and_errors(subject: Subject) -> str | None:
    """Bits and SNR of every mosaic, in the order of the file."""
    entries = [entry for entry in subject.inspection["tensors"] if entry["name"] in set(subject.fitted)]
    if not entries:
        return None
    bits = [entry["bits"] for entry in entries]
    relative = np.array([entry.get("recorded_relative_error") or 0 for entry in entries])
    with np.errstate(divide="ignore"):
        decibels = -20 * np.log10(relative)

    def tensors(figure: Figure) -> None:
        top, bottom = figure.subplots(2, sharex=True)
        places = np.arange(1, len(entries) + 1)
        top.bar(places, bits, color=BLUE, width=0.8)
        top.set_ylabel("bits per weight")
        is_exact = ~np.isfinite(decibels)
        bottom.bar(places[~is_exact], decibels[~is_exact], color=ORANGE, width=0.8)
        for place in places[is_exact]:
            bottom.text(place, 0, "exact", rotation=90, ha="center", va="bottom", fontsize=7)
        bottom.set_ylabel("SNR in dB")
        bottom.set_xlabel("mosaic, in the order of the table")
        bottom.xaxis.get_major_locator().set_params(integer=True)

    return _drawn(3.6, tensors)


def errors_by_magnitude(subject: Subject) -> str | None:
    """How large errors are for weights of each size."""
    if subject.magnitudes is None:
        return None
    edges = np.geomspace(0.01, max(10.0, float(subject.magnitudes.max()) * 1.001), 31)
    bins = np.digitize(subject.magnitudes, edges) - 1
    centres, quantiles = [], []
    for number in range(len(edges) - 1):
        errors = subject.errors[bins == number]
        if len(errors) >= 20:
            centres.append(np.sqrt(edges[number] * edges[number + 1]))
            quantiles.append(np.quantile(errors, [0.05, 0.5, 0.95]))
    if not centres:
        return None
    low, middle, high = np.array(quantiles).T

    def magnitudes(figure: Figure) -> None:
        axes = figure.subplots()
        axes.fill_between(centres, low, high, color=BLUE, alpha=0.3, linewidth=0, label="5 % to 95 %")
        axes.plot(centres, middle, color=BLUE, label="median")
        axes.plot(centres, centres, color=_INK, linestyle=":", linewidth=1, label="as large as the weight")
        axes.set_xscale("log")
        axes.set_ylim(0, 1.15 * float(high.max()) or 1)
        axes.set_xlabel("|weight|, in root mean squares of its tensor")
        axes.set_ylabel("|error|")
        axes.legend()

    return _drawn(2.8, magnitudes)


def layers(subject: Subject) -> str | None:
    """SNR of the values between the layers, against the source's."""
    found = [
        (entry["name"], entry["against_source"]["snr_db"])
        for entry in (subject.verification or {}).get("layers", [])
        if entry.get("against_source")
    ]
    numbers = [(place, float(snr)) for place, (_, snr) in enumerate(found, 1) if np.isfinite(float(snr))]
    if not numbers:
        return None
    places, decibels = zip(*numbers)

    def layer_errors(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot(places, decibels, color=GREEN, marker="o", markersize=3)
        axes.set_xlabel("node, in order of execution")
        axes.set_ylabel("SNR in dB")
        axes.set_ylim(bottom=min(0, min(decibels)))
        axes.xaxis.get_major_locator().set_params(integer=True)

    return _drawn(2.6, layer_errors)


def motif_usage(subject: Subject) -> str | None:
    """The share of blocks of each motif, most used first."""
    if not subject.usage:
        return None

    def usage(figure: Figure) -> None:
        axes = figure.subplots()
        for number, counts in subject.usage.items():
            shares = np.sort(counts / counts.sum())[::-1]
            used = shares[shares > 0]
            entropy = -np.sum(used * np.log2(used))
            axes.plot(np.arange(1, len(used) + 1), 100 * used,
                      label=f"{number}: {len(used)} of {len(counts)} motifs, entropy {entropy:.2f} bits")  # fmt: skip
        axes.set_yscale("log")
        axes.set_xlabel("motif, by use")
        axes.set_ylabel("blocks, in %")
        axes.legend(title="dictionary", fontsize=8)

    return _drawn(2.8, usage)


def dictionary(subject: Subject, number: int) -> str:
    """Motifs as rows of pixels, the most used first; blue below zero, red above."""
    motifs, counts = subject.motifs[number], subject.usage[number]
    shown = motifs[np.argsort(-counts, kind="stable")[:_MOST_MOTIFS]]
    length = shown.shape[1]
    columns = max(1, min(len(shown), int(np.sqrt(len(shown) * 2.5 / length) + 0.5)))
    rows = -(-len(shown) // columns)
    picture = np.full((rows, columns * (length + 1) - 1), np.nan)
    for place, motif in enumerate(shown):
        start = place // rows * (length + 1)
        picture[place % rows, start : start + length] = motif
    limit = float(np.abs(shown).max()) or 1.0

    def pictures(figure: Figure) -> None:
        axes = figure.subplots()
        image = axes.imshow(picture, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto", interpolation="none")
        axes.set_axis_off()
        figure.colorbar(image, ax=axes, fraction=0.04, pad=0.02).outline.set_visible(False)

    pictures.__name__ = f"dictionary_{number}"
    return _drawn(min(6.0, 0.6 + rows * 0.12), pictures)


def mosaic(subject: Subject) -> str | None:
    """The corner of a mosaic, a pixel for each block; motifs that are alike have colours that are."""
    if not subject.parts:
        return None
    part = max(subject.parts, key=lambda part: part.stages[0].indices.size)
    stage = part.stages[0]
    motifs = subject.motifs[stage.dictionary]
    centred = motifs - motifs.mean(axis=0)
    # Places of the motifs along the direction in which they differ most.
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    order = np.argsort(np.argsort(centred @ direction, kind="stable"), kind="stable")
    picture = order[stage.indices[:_MOST_BLOCKS, :_MOST_BLOCKS]]

    def blocks(figure: Figure) -> None:
        axes = figure.subplots()
        axes.imshow(picture, cmap="viridis", vmin=0, vmax=len(motifs) - 1, aspect="auto", interpolation="none")
        axes.set_xlabel("block")
        axes.set_ylabel("row")

    return _drawn(3.6, blocks)


def decomposition(subject: Subject) -> str | None:
    """Which part covers what, before and after rows and columns are brought together by part."""
    if len(subject.parts) < 2:
        return None
    shape = tuple(1 + max(int(lines.max()) for lines in side)
                  for side in zip(*((part.rows, part.columns) for part in subject.parts)))  # fmt: skip
    before = np.full(shape, np.nan, np.float32)
    for number, part in enumerate(subject.parts):
        before[np.ix_(part.rows, part.columns)] = number
    rows, columns = (
        np.concatenate([lines, np.setdiff1d(np.arange(count), lines)])
        for lines, count in (
            (_joined(part.rows for part in subject.parts), shape[0]),
            (_joined(part.columns for part in subject.parts), shape[1]),
        )
    )
    pictures = [before, before[np.ix_(rows, columns)]]

    def parts(figure: Figure) -> None:
        for axes, picture, title in zip(figure.subplots(1, 2), pictures, ("before", "after")):
            steps = [slice(None, None, -(-count // 512)) for count in picture.shape]
            axes.imshow(picture[steps[0], steps[1]], cmap="tab10" if len(subject.parts) <= 10 else "turbo",
                        aspect="auto", interpolation="none", extent=(0, shape[1], shape[0], 0))  # fmt: skip
            axes.set_title(title)
            axes.set_xlabel("column")
        figure.axes[0].set_ylabel("row")

    return _drawn(2.8, parts)


def _joined(lists) -> np.ndarray:
    """All numbers, each where it first occurs."""
    numbers = np.concatenate(list(lists))
    return numbers[np.sort(np.unique(numbers, return_index=True)[1])]
