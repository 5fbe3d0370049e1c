"""How does memory go back to the system between two chunks of a rebuild?"""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 4 << 20


def return_large_blocks() -> None:
    """Makes glibc hand arrays of a megabyte and more back when they are freed.

    By itself it raises that bound with every large array that is freed, up to 32 MB, and
    keeps what lies below: a rebuild of ten million orders then holds 200 MB it does not use.
    Elsewhere than on glibc nothing happens.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
