"""What stands in the parts of a multipart body?"""

from __future__ import annotations

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any


def parts_of(body: bytes, content_type: str) -> dict[str, bytes]:
    """Return the parts by name; a body that is none has none."""
    whole: Any = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = whole.iter_parts() if whole.is_multipart() else ()
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True) or b""
        for part in parts
    }
