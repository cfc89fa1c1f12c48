"""The journeys: the only room that sees all others. What people and partners do, and what the platform does for them."""

from .applicant import ApplicantJourneys
from .facing import issue_challenge, submit_face
from .flows import register
from .house import House
from .media import Media, read_media
from .work import Worker

__all__ = ["ApplicantJourneys", "House", "Media", "Worker", "issue_challenge", "read_media", "register", "submit_face"]
