"""The worker runs without the web framework: a smaller process, and nothing of a request in it."""

import subprocess
import sys

PROGRAM = """
import sys, pkgutil, importlib
import hostedpages.delivery as room
for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
    importlib.import_module(module.name)
print([name for name in ("flask", "flask_wtf", "werkzeug") if name in sys.modules])
"""


def test_delivery_imports_without_flask() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
