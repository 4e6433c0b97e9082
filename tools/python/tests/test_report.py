"""The report: as text, and opened in headless Chromium where that is installed."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path

PACKAGE_FOLDER = Path(__file__).resolve().parents[1]
REPOSITORY = PACKAGE_FOLDER.parents[1]
MODEL = REPOSITORY / "fixtures/onnx/digits-cnn.onnx"
DIGITS = REPOSITORY / "fixtures/sources/digits-mlp"
COMMANDS = Path(os.environ.get("MOMOS_COMMANDS", REPOSITORY / ".build-tests/release"))
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
sys.path.insert(0, str(PACKAGE_FOLDER))

try:
    import matplotlib.image
except ImportError:
    matplotlib = None


class Structure(HTMLParser):
    """Counts elements, and keeps headings and everything that a page would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.fetched: list[str] = []
        self.counts: dict[str, int] = {}
        self._is_heading = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self._is_heading = tag == "h2"
        self.fetched += [
            value for name, value in attributes
            if name in ("src", "href", "xlink:href") and not value.startswith(("#", "data:"))
        ]  # fmt: skip

    def handle_data(self, text: str) -> None:
        if self._is_heading:
            self.headings.append(text)
            self._is_heading = False


def report(*arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "momos", "report", *map(str, arguments), "--commands", COMMANDS], cwd=PACKAGE_FOLDER,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@unittest.skipIf(matplotlib is None, "matplotlib is not installed")
class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.file = cls.folder / "a & <b>.momos"
        arguments = [COMMANDS / "momos-convert", MODEL, "-o", cls.file, "--bits", "3"]
        subprocess.run(arguments, check=True, capture_output=True)
        cls.page = cls.folder / "report.html"
        result = report(cls.file, "--against", MODEL, "-o", cls.page)
        assert result.returncode == 0 and result.stderr == "", result.stderr
        cls.text = cls.page.read_text()

    def test_every_figure_is_there(self) -> None:
        found = Structure(self.text)
        wanted = ["Bits and errors", "Error against magnitude", "Use of motifs", "Dictionary 1", "Mosaic", "Tensors"]
        self.assertEqual([heading for heading in found.headings if heading in wanted], wanted)
        self.assertEqual(found.counts["svg"], found.counts["figure"])
        self.assertGreaterEqual(found.counts["svg"], 5)

    def test_nothing_is_fetched_and_nothing_runs(self) -> None:
        found = Structure(self.text)
        self.assertEqual(found.fetched, [])
        self.assertNotIn("script", found.counts)
        self.assertNotIn("url(http", self.text)

    def test_names_are_escaped_and_ids_are_single(self) -> None:
        self.assertIn("<title>a &amp; &lt;b&gt;.momos</title>", self.text)
        ids = re.findall(r'\bid="([^"]*)"', self.text)
        self.assertEqual(len(ids), len(set(ids)))

    def test_refusals_are_one_line(self) -> None:
        broken = self.folder / "broken.momos"
        broken.write_bytes(b"\0" * 100)
        for arguments, words, code in [
            ((self.folder / "none.momos", "-o", self.folder / "x.html"), "none.momos", 65),
            ((broken, "-o", self.folder / "x.html"), "F-02", 65),
            ((self.file, "-o", self.page), "--force", 74),
            ((self.file, "-o", self.file, "--force"), "also an input", 64),
            ((self.file, "--against", MODEL, "-o", MODEL, "--force"), "also an input", 64),
            ((self.file, "--input", f"images={MODEL}", "-o", MODEL, "--force"), "also an input", 64),
            ((self.file, "-o", self.folder / "x.html", "--tensor", "none"), "'none'", 65),
            ((self.file, "-o", self.folder / "none" / "x.html"), "none", 66),
        ]:
            result = report(*arguments)
            self.assertEqual(result.returncode, code, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertIn(words, result.stderr)
        self.assertEqual(sorted(path.name for path in self.folder.glob("*.html")), ["report.html"])

    def test_commands_draw_it_too(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(PACKAGE_FOLDER)}
        environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        pages = [self.folder / f"it's {name}.html" for name in ("inspect", "verify")]
        for words in (["momos-inspect", self.file, "--report", pages[0]],
                      ["momos-verify", MODEL, self.file, "--report", pages[1]]):  # fmt: skip
            words[0] = COMMANDS / words[0]
            result = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            again = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
            self.assertEqual(again.returncode, 64)
            self.assertIn("--force", again.stderr)
        self.assertNotIn("Error against magnitude", pages[0].read_text())
        self.assertEqual(pages[1].read_text().count("<svg"), self.text.count("<svg"))
        for page in pages:
            page.unlink()

    def test_commands_say_what_they_lack(self) -> None:
        environment = {**os.environ, "PATH": "/nowhere"}
        words = [COMMANDS / "momos-inspect", self.file, "--report", self.folder / "x.html"]
        result = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 66)
        self.assertIn("pip install './tools/python[report]'", result.stderr)

    @unittest.skipIf(CHROMIUM is None, "Chromium is not installed")
    def test_chromium_renders_it(self) -> None:
        for width, is_dark in ((360, True), (1000, False)):
            picture = self.folder / f"{width}.png"
            arguments = [
                CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
                f"--blink-settings=preferredColorScheme={0 if is_dark else 1}", f"--window-size={width},4000",
                f"--user-data-dir={self.folder}/{width}", f"--screenshot={picture}", self.page.as_uri(),
            ]  # fmt: skip
            result = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=120)
            self.assertNotIn("CONSOLE", result.stderr)
            image = matplotlib.image.imread(picture)
            corner = image[2, 2, :3].mean()
            self.assertEqual(bool(corner < 0.3), is_dark)
            # Text and figures everywhere: many rows of the picture are not of one colour.
            self.assertGreater((image[:3000, :, :3].std(axis=(1, 2)) > 0.02).mean(), 0.4)
            # Figures keep inside a phone's width: nothing of the page is cut off at the right edge.
            self.assertLess(image[:, -4:, :3].std(), 0.02)


if __name__ == "__main__":
    unittest.main()
