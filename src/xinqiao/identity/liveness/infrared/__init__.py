"""Near infrared: is the face there at all, and does it look like skin?"""

from .judge import judge
from .read import read_infrared

__all__ = ["judge", "read_infrared"]
