"""Run a test module in namespaces of its own, as the harness runs.

Where this machine cannot do that, the module is skipped: one clear line, and
the exit code that CTest knows as "skipped".
"""
import sys
import tempfile
import unittest
from pathlib import Path

from jepsen.command import missing_of_machine
from jepsen.confine import run_confined

EXIT_SKIPPED = 77
FOLDER = Path()  # The run's folder, for the tests to use.


def _run_tests(folder: Path) -> int:
    global FOLDER
    FOLDER = folder
    names = sys.argv[1:]
    suite = (unittest.defaultTestLoader.loadTestsFromNames(
        names, sys.modules['__main__']) if names else
        unittest.defaultTestLoader.loadTestsFromModule(
            sys.modules['__main__']))
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    return 0 if result.wasSuccessful() and result.testsRun else 1


def fresh_folder() -> Path:
    """A new folder for one test."""
    return Path(tempfile.mkdtemp(dir=FOLDER))


def skip_where_impossible() -> None:
    """Exit, saying why, on a machine that cannot run nodes."""
    lacks = missing_of_machine()
    if lacks:
        print('SKIPPED: ' + '; '.join(lacks))
        sys.exit(EXIT_SKIPPED)


def main() -> None:
    """The main program of a test module; arguments name tests."""
    skip_where_impossible()
    sys.exit(run_confined(_run_tests, Path('/var/tmp')))
