"""The resident ID number's check character (GB 11643: ISO/IEC 7064 MOD 11-2). Birth date and region belong to `intake`."""

from __future__ import annotations

import re

from stdnum.iso7064 import mod_11_2

from .errors import IdNumberInvalid

SHAPE = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)


def require_valid(number: str) -> str:
    """The number in upper case without surrounding blanks; raises IdNumberInvalid, which never repeats the number."""
    text = number.strip().upper()
    if not SHAPE.fullmatch(text) or not mod_11_2.is_valid(text):
        raise IdNumberInvalid(field="id_number")
    return text
