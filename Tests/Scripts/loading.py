"""Programs of scripts as modules: they have no suffix, so `import` does not find them."""
import importlib.machinery
import importlib.util
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path += [str(ROOT / "scripts"), str(ROOT / "Tests/Peers")]


def script(name):
    """The module of `scripts/NAME`."""
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(ROOT / "scripts" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module
