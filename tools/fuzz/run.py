#!/usr/bin/env python3
"""Fuzzes every target for some minutes in all, two at a time, and says what came of it.

Usage: run MOMOS-FUZZ [--minutes N] [--target NAME]... [--jobs N] [--record]

Inputs that reached something new are kept in .build-fuzz-corpus/TARGET, findings in .build-fuzz-findings. Exit code 1 if
there is one. --record adds the numbers to docs/security.json, from which docs/security.md is written.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / ".build-fuzz-corpus"
SEEDS = ROOT / ".build-fuzz-seeds"
FINDINGS = ROOT / ".build-fuzz-findings"
RECORD = ROOT / "docs" / "security.json"
MOST_BYTES = 1 << 16
SLOW_MILLISECONDS = 2000
ENVIRONMENT = {
    # A trap of Swift is a finding at once, without a trace that takes seconds; memory that is refused is NULL.
    "SWIFT_BACKTRACE": "enable=no",
    "ASAN_OPTIONS": "allocator_may_return_null=1:detect_leaks=0:abort_on_error=1:max_allocation_size_mb=2048",
}


def fuzz(fuzzer, target, seconds):
    """Runs one target; returns how many inputs were executed and whether something was found."""
    corpus = CORPUS / target
    corpus.mkdir(parents=True, exist_ok=True)
    FINDINGS.mkdir(exist_ok=True)
    arguments = [
        fuzzer, target, corpus, SEEDS / target, f"-max_total_time={seconds}", f"-max_len={MOST_BYTES}", "-timeout=60",
        "-rss_limit_mb=4096", "-print_final_stats=1", "-verbosity=1", f"-artifact_prefix={FINDINGS}/{target}-",
    ]
    result = subprocess.run(
        ["nice", "-n", "19"] + [str(argument) for argument in arguments], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **ENVIRONMENT})
    text = result.stderr.decode(errors="replace")
    (FINDINGS / f"{target}.log").write_text(text[-200_000:])
    remove_unslow(fuzzer, target)
    count = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
    counts = re.findall(r"^#(\d+)\t", text, re.MULTILINE)
    executions = int(count[1]) if count else max(map(int, counts), default=0)
    covered = re.findall(r"cov: (\d+)", text)
    return executions, int(covered[-1]) if covered else 0, result.returncode


def remove_unslow(fuzzer, target):
    """Removes inputs that were slow because the machine was busy: those that take no time by themselves."""
    for finding in FINDINGS.glob(f"{target}-slow-unit-*"):
        result = subprocess.run(
            [fuzzer, target, finding], stdin=subprocess.DEVNULL, capture_output=True, env={**os.environ, **ENVIRONMENT})
        taken = re.search(rb"Executed .* in (\d+) ms", result.stderr)
        if taken and int(taken[1]) < SLOW_MILLISECONDS:
            finding.unlink()


def add_to_record(target, executions, seconds):
    """Adds the executions of a target to docs/security.json."""
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    entry = record.setdefault("fuzzing", {}).setdefault(target, {"executions": 0, "seconds": 0})
    entry["executions"] += executions
    entry["seconds"] += seconds
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fuzzer")
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--target", action="append")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    if not SEEDS.exists():
        subprocess.run([options.fuzzer, "--seeds", ROOT, SEEDS], check=True, env={**os.environ, **ENVIRONMENT})
    listed = subprocess.run([options.fuzzer, "--targets"], check=True, capture_output=True, text=True)
    targets = options.target or listed.stdout.split()
    seconds = max(1, int(60 * options.minutes * options.jobs / len(targets)))
    print(f"{len(targets)} targets, {seconds} seconds each", flush=True)
    has_findings = False
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = {pool.submit(fuzz, options.fuzzer, target, seconds): target for target in targets}
        for run in concurrent.futures.as_completed(runs):
            executions, covered, code = run.result()
            target = runs[run]
            has_findings |= code != 0
            print(f"{target:12} {executions:>10,} executions, {covered:>6,} edges"
                  + ("" if code == 0 else f"   FOUND SOMETHING: {FINDINGS}/{target}.log"), flush=True)
            if options.record:
                add_to_record(target, executions, seconds)
    sys.exit(1 if has_findings else 0)


if __name__ == "__main__":
    main()
