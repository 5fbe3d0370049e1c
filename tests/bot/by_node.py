"""Where do the libraries lie that the tests drive by Node.js?

`npm ci` installs what tests/node/package-lock.json pins into a cache folder outside the tree, once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

NODE = Path(__file__).parents[1] / "node"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "asakai-tests"
INSTALL_SECONDS = 600


def missing(reason: str) -> NoReturn:
    """A failure in CI, a named skip elsewhere: as tests/conftest.py does for servers."""
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def libraries() -> Path:
    """The folder that holds node_modules."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            missing(f"no {program} here: the proofs in Node need Node.js 20 or newer")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < 20:
        missing(f"Node.js {version} is older than 20, which @slack/bolt needs")
    names = ("package.json", "package-lock.json")
    key = hashlib.sha256(b"".join((NODE / name).read_bytes() for name in names)).hexdigest()[:16]
    folder = CACHE / f"node-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"node-{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            for name in names:
                shutil.copy(NODE / name, folder / name)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
            )
            if done.returncode:
                missing(f"npm ci failed: {done.stderr.strip()[-500:]}")
            (folder / "installed").touch()
    return folder


def installed(name: str) -> Path:
    """A file of tests/node, beside the libraries that it imports."""
    path = libraries() / name
    shutil.copy(NODE / name, path)
    return path
