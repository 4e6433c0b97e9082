"""Programs whose objects were divided do what they did, and lose what nothing calls."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import tempfile
import unittest

from split_object import ALIGNMENT, ObjectFile, Refused, split

# Local functions in one section that call each other by plain distances, a function by its address, jump tables, and code that
# nothing reaches.
SOURCE = r"""
#include <stdio.h>
#define APART __attribute__((noinline))
static APART int add(int a, int b) { return a + b; }
static APART int subtract(int a, int b) { return a - b; }
static APART int multiply(int a, int b) { return a * b; }
static APART const char *name(int n) {
  switch (n) {
    case 0: return "zero"; case 1: return "one"; case 2: return "two"; case 3: return "three"; case 4: return "four";
    default: return "many";
  }
}
static APART int chosen(int n, int a) {
  switch (n) {
    case 0: return add(a, 1); case 1: return subtract(a, 2); case 2: return multiply(a, 3); case 3: return puts("three");
    case 4: return add(multiply(a, 5), 1); default: return -1;
  }
}
static int (*const table[])(int, int) = {add, subtract, multiply};
APART int nobody_calls_this(int a) { return printf("%d", a) + 3 * a; }
int main(int count, char **words) {
  (void)words;
  for (int n = 0; n < 6; n++) printf("%s %d %d\n", name(n), chosen(n, 10), table[n % 3](n, count));
  return 0;
}
"""
OUTPUT = "zero 11 1\none 8 0\ntwo 30 2\nthree\nthree 6 4\nfour 51 3\nmany -1 5\n"


# References to types: one is read, which leads to a function, and one is not.
TYPES = r"""
#include <stdio.h>
#define REFERENCE __attribute__((section("swift5_typeref"))) VISIBILITY const
int answer(void) { return 42; }
int unread(void) { return 43; }
struct reference { int kind; int (*function)(void); };
REFERENCE struct reference first = {2, unread};
REFERENCE struct reference second = {1, answer};
int main(void) { return printf("%d %d\n", second.kind, second.function()) < 0; }
"""


def linker():
    """The functions of the program beside this file."""
    path = str(pathlib.Path(__file__).resolve().with_name("linker"))
    loader = importlib.machinery.SourceFileLoader("linker", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("linker", loader))
    loader.exec_module(module)
    return module


def run(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True).stdout


class SplitObjectTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        swift = pathlib.Path(run("sh", "-c", "command -v swiftc").strip()).resolve().parent
        self.objdump = swift / "llvm-objdump"
        self.object = self.folder / "whole.o"
        (self.folder / "program.c").write_text(SOURCE)
        self.compile("-O2", "-fPIC", "-fno-function-sections")

    def compile(self, *options):
        run("clang", *options, "-c", self.folder / "program.c", "-o", self.object)

    def linked(self, object):
        program = self.folder / "program"
        run("clang", "-fuse-ld=lld", "-Wl,--gc-sections", object, "-o", program)
        return program

    def divided(self):
        path = self.folder / "divided.o"
        path.write_bytes(split(self.object.read_bytes(), self.object, self.objdump))
        return path

    def test_a_divided_program_prints_the_same(self):
        for options in (["-O2"], ["-O2", "-fPIC"], ["-O1", "-fPIC"], ["-O0", "-fPIC"], ["-Os", "-fPIC"]):
            with self.subTest(options):
                self.compile(*options, "-fno-function-sections")
                self.assertEqual(run(self.linked(self.object)), OUTPUT)
                self.assertEqual(run(self.linked(self.divided())), OUTPUT)

    def test_only_divided_functions_are_dropped(self):
        self.assertIn("nobody_calls_this", run("nm", self.linked(self.object)))
        self.assertNotIn("nobody_calls_this", run("nm", self.linked(self.divided())))

    def test_references_to_types_that_nothing_reads_are_dropped(self):
        (self.folder / "program.c").write_text(TYPES)
        self.compile("-O0", "-DVISIBILITY=")
        whole = self.linked(self.object)
        self.assertEqual(run(whole), "1 42\n")
        self.assertIn("unread", run("nm", whole))
        program = self.linked(self.divided())
        self.assertEqual(run(program), "1 42\n")
        self.assertIn("answer", run("nm", program))
        self.assertNotIn("unread", run("nm", program))
        self.assertNotIn("first", run("nm", program))

    def test_references_to_types_by_their_place_in_the_section_are_refused(self):
        (self.folder / "program.c").write_text(TYPES)
        self.compile("-O0", "-DVISIBILITY=static __attribute__((used))")
        with self.assertRaisesRegex(Refused, "swift5_typeref as a whole"):
            self.divided()

    def test_code_is_aligned_less_where_instructions_allow_it(self):
        (self.folder / "program.c").write_text("int two(void) { return 2; }\n")
        for target, alignment in (("x86_64-linux-gnu", 2), ("aarch64-linux-gnu", 4)):
            self.compile("-O2", f"--target={target}")
            content = bytearray(self.object.read_bytes())
            linker().loosen(content, 0)
            object = ObjectFile(content)
            self.assertEqual(object.sections[object.names.index(".text")][ALIGNMENT], alignment, target)

    def test_bytes_that_are_no_code_are_refused(self):
        (self.folder / "program.c").write_text(
            'int main(void) { return 0; }\n__asm__(".text\\n.byte 0x06\\n");\n'
        )
        self.compile("-O2")
        with self.assertRaises(Refused):
            self.divided()


if __name__ == "__main__":
    unittest.main()
