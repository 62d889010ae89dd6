"""Finds every plug-in of a package: one file each, nothing to register by hand.

Must never know what a plug-in does.
"""

import importlib
import inspect
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def discover(package: ModuleType, base: type[T]) -> dict[str, T]:
    """Import every module of `package`; return one instance of each subclass of `base`, by its key.

    Order is that of the module names. Raises TypeError for a missing or repeated key.
    """
    found: dict[str, T] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda each: each.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        for _, member in inspect.getmembers(module, inspect.isclass):
            if member.__module__ != module.__name__ or not issubclass(member, base):
                continue
            key = member.__dict__.get("key")
            if not isinstance(key, str):
                continue
            if not key or key in found:
                raise TypeError(f"{module.__name__}: the key {key!r} is empty or taken")
            found[key] = member()
    return found
