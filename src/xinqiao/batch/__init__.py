"""The whole book at once: schedules, and the close of a day, in compiled loops over columns.

`end_of_day` loads the compiler when it is first called, so that importing this room costs nothing.
"""

from .errors import LaterDayClosed
from .service import REMIND_BEFORE, Accrued, Closed, Reminder, accruals, end_of_day, reminders

__all__ = ["REMIND_BEFORE", "Accrued", "Closed", "LaterDayClosed", "Reminder", "accruals", "end_of_day", "reminders"]
