"""The page of a report: HTML with its style and figures inside, and nothing from elsewhere."""

from __future__ import annotations

from html import escape

from . import figures
from .gather import Subject

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --faint: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 46rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
figure { margin: 1rem 0; } figure svg { width: 100%; height: auto; display: block; }
figcaption { font-size: .9rem; opacity: .8; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem; padding: 0; }
.facts div { background: var(--faint); border-radius: .5rem; padding: .5rem .7rem; }
.facts dt { font-size: .8rem; opacity: .8; } .facts dd { margin: 0; font-size: 1.15rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .85rem; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.failed { color: #d0402f; font-weight: 600; }
"""


def page(subject: Subject) -> str:
    """The whole page as text in UTF-8."""
    title = escape(subject.path.name)
    sections = [_facts(subject), _verdict(subject), *_figures(subject), _table(subject), _provenance(subject)]
    body = "\n".join(filter(None, sections))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _facts(subject: Subject) -> str:
    found = subject.inspection
    source = found["source_byte_count"]
    facts = {
        "file": f"{found['file_byte_count']:,} bytes",
        "of the source": f"{100 * found['file_byte_count'] / source:.1f} %" if source else "–",
        "bits per fitted weight": _number(found.get("bits"), 2),
        "with all in the file": _number(found.get("file_bits"), 2),
        "tensors": f"{len(found['tensors'])}, {len(subject.fitted)} mosaics",
        "dictionaries": str(len(found["dictionaries"])),
    }
    if found.get("graph"):
        facts["graph"] = f"{found['graph']['name']}, {found['graph']['node_count']} nodes"
    facts["format"] = found["format_version"]
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    return f'<dl class="facts">{items}</dl>'


def _verdict(subject: Subject) -> str:
    found = subject.verification
    if found is None:
        return ""
    if found["has_passed"]:
        return f"<p>Verified: execution is in its precision class, {escape(found['precision'])}.</p>"
    failures = "".join(f"<li>{escape(str(failure))}</li>" for failure in found["failures"])
    return f'<p class="failed">Verification failed</p><ul>{failures}</ul>'


def _figures(subject: Subject) -> list[str]:
    drawn = escape(subject.drawn or "")
    sections = [
        ("Bits and errors", figures.bits_and_errors(subject),
         "What each mosaic costs and how close it is to its source, as the conversion recorded it."),
        ("Error against magnitude", figures.errors_by_magnitude(subject),
         "Errors of all mosaics together, in root mean squares of their tensors."),
        ("Layers", figures.layers(subject), "How close the values behind each node are to those of the source."),
        ("Use of motifs", figures.motif_usage(subject),
         "The closer the entropy is to the bits of an index, the less an entropy coder could save."),
        *((f"Dictionary {number}", figures.dictionary(subject, number), _motif_words(subject, number))
          for number in subject.usage),
        ("Mosaic", figures.mosaic(subject), f"The first blocks of <code>{drawn}</code>, coloured by motif."),
        ("Parts", figures.decomposition(subject),
         f"The parts of <code>{drawn}</code>, before and after its rows and columns are sorted by them."),
    ]  # fmt: skip
    return [
        f"<h2>{title}</h2>\n<figure>{picture}<figcaption>{words}</figcaption></figure>"
        for title, picture, words in sections
        if picture is not None
    ]


def _motif_words(subject: Subject, number: int) -> str:
    entry = next(entry for entry in subject.inspection["dictionaries"] if entry["number"] == number)
    kind = "overlapping, " if entry["is_overlapping"] else ""
    pairs = ", pairs of both signs" if entry["is_antipodal"] else ""
    return (
        f"{entry['motif_count']} motifs for blocks of {entry['block_length']} ({kind}{entry['element_type']}{pairs}), "
        "a row of pixels for each, the most used first."
    )


def _table(subject: Subject) -> str:
    rows = []
    for entry in subject.inspection["tensors"]:
        shape = " × ".join(map(str, entry["shape"])) or "scalar"
        error = entry.get("recorded_relative_error")
        rows.append(
            f"<tr><td>{escape(entry['name'])}</td><td>{escape(entry['element_type'])}</td><td>{shape}</td>"
            f"<td>{escape(entry.get('form', entry['kind']))}</td>"
            f'<td class="number">{_number(entry.get("bits"), 2)}</td><td class="number">{_number(error, 4)}</td>'
            f'<td class="number">{entry["stored_byte_count"]:,}</td></tr>'
        )
    head = "<tr><th>tensor</th><th>type</th><th>shape</th><th>form</th>" + "".join(
        f'<th class="number">{name}</th>' for name in ("bits", "relative error", "bytes")
    )
    return f'<h2>Tensors</h2>\n<div class="wide"><table>{head}</tr>\n' + "\n".join(rows) + "</table></div>"


def _provenance(subject: Subject) -> str:
    found = subject.inspection.get("provenance")
    if not found:
        return ""
    options = " ".join(f"--{option['name']} {option['value']}" for option in found["options"])
    return f"<h2>Made by</h2>\n<p>momos {escape(found['tool_version'])}: <code>{escape(options)}</code></p>"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
