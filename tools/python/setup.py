"""Puts libmomos.so.1 into the wheel: the one that MOMOS_LIBRARY names, or the one that this checkout builds."""

import os
import pathlib
import shutil
import subprocess

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.dist import Distribution

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:
    from wheel.bdist_wheel import bdist_wheel

ROOT = pathlib.Path(__file__).resolve().parents[2]


def library() -> pathlib.Path:
    if "MOMOS_LIBRARY" in os.environ:
        return pathlib.Path(os.environ["MOMOS_LIBRARY"])
    build = ["swift", "build", "-c", "release", "--package-path", str(ROOT), "--scratch-path", str(ROOT / ".build")]
    subprocess.run([*build, "--product", "momos"], check=True)
    return ROOT / ".build/release/libmomos.so"


class BuildWithLibrary(build_py):
    def run(self) -> None:
        super().run()
        target = pathlib.Path(self.build_lib) / "momos/lib/libmomos.so.1"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(library(), target)


class PlatformWheel(bdist_wheel):
    """Any Python of version 3, this processor alone."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", super().get_tag()[2]


class BinaryDistribution(Distribution):
    def has_ext_modules(self) -> bool:
        return True


setup(cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel}, distclass=BinaryDistribution)
