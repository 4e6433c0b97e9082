"""Compares the imports of every target with the dependencies that Package.swift declares for it.

The package manager compiles an undeclared import of a module that happens to be built already; the target graph
of CONTRIBUTING.md would erode unseen.
"""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SYSTEM_MODULES = {"Swift", "Glibc", "FoundationEssentials", "Testing", "Synchronization", "PackageDescription"}
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:class|struct|enum|protocol|func|var|let|typealias)\s+)?(\w+)",
    re.MULTILINE,
)


def declared_dependencies(target):
    """Names of the modules that a target of the package description may import."""
    names = set()
    for dependency in target["dependencies"]:
        for kind in ("byName", "target", "product"):
            if kind in dependency:
                names.add(dependency[kind][0])
    return names


def source_folder(target):
    default = "Tests" if target["type"] == "test" else "Sources"
    return ROOT / (target.get("path") or f"{default}/{target['name']}")


def main():
    description = json.loads(
        subprocess.run(
            ["swift", "package", "dump-package"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
    )
    problems = []
    file_count = 0
    for target in description["targets"]:
        allowed = declared_dependencies(target) | SYSTEM_MODULES
        for path in sorted(source_folder(target).rglob("*.swift")):
            file_count += 1
            for module in IMPORT.findall(path.read_text()):
                if module not in allowed:
                    problems.append(f"{path.relative_to(ROOT)}: {target['name']} may not import {module}")
    if file_count == 0:
        problems.append("no Swift files found: the check looks in the wrong place")
    print("\n".join(problems) if problems else f"{file_count} files import what their targets declare")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
