"""python3 -m momos report FILE.momos: a page about a file."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="momos", description="Tools around .momos files.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    report = commands.add_parser("report", help="write an HTML page about a file")
    report.add_argument("file", type=Path, metavar="FILE.momos")
    report.add_argument("--against", action="append", default=[], metavar="SOURCE",
                        help="what the file was made from; may be repeated")
    report.add_argument("--input", action="append", default=[], metavar="NAME=FILE.npy",
                        help="values of a graph input, to compare layers; may be repeated")
    report.add_argument("--tensor", metavar="NAME", help="the tensor whose mosaic is drawn (default: the largest)")
    report.add_argument("--commands", type=Path, metavar="FOLDER",
                        help="where momos-inspect, momos-verify and momos-convert are (default: on the PATH)")
    report.add_argument("--force", action="store_true", help="replace an existing page")
    report.add_argument("-o", "--output", type=Path, required=True, metavar="REPORT.html")
    return _report(parser.parse_args(arguments))


def _report(options: argparse.Namespace) -> int:
    if any(_is_same(path, options.output) for path in _inputs(options)):
        return _refusal(f"{options.output} is also an input; choose another name", 64)
    if options.output.exists() and not options.force:
        return _refusal(f"{options.output} exists; --force replaces it", 74)
    try:
        from . import report
    except ModuleNotFoundError as error:
        return _refusal(f"{error.name} is missing: pip install {error.name}", 69)
    try:
        subject = report.gather(options.file, options.against, options.input, options.tensor, options.commands)
        _write(options.output, report.page(subject))
    except report.ReportError as error:
        return _refusal(str(error), 65)
    except OSError as error:
        return _refusal(f"{error.filename or options.file}: {error.strerror}", 66 if isinstance(error, FileNotFoundError) else 74)
    return 0


def _inputs(options: argparse.Namespace) -> list[str]:
    """Paths that may be read: SOURCE may be NAME=FILE."""
    named = [argument.partition("=")[2] for argument in (*options.against, *options.input)]
    return [str(options.file), *options.against, *named]


def _is_same(path: str, other: Path) -> bool:
    return os.path.exists(path) and other.exists() and os.path.samefile(path, other)


def _write(path: Path, text: str) -> None:
    """The page appears whole or not at all."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    try:
        os.chmod(file.name, 0o644)
        os.replace(file.name, path)
    except OSError:
        os.unlink(file.name)
        raise


def _refusal(message: str, code: int) -> int:
    print(f"momos report: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
