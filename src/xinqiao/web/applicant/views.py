"""What a page shows, made ready for the template: the steps of the way, and words for what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from xinqiao.journeys.views import Standing


def N_(text: str) -> str:  # noqa: N802 - the usual mark of a word that is translated where it is shown
    return text


WAY = (
    ("consent", N_("Consents")),
    ("face", N_("Face")),
    ("wait", N_("Checks")),
    ("offer", N_("Offer")),
    ("sign", N_("Sign")),
)
_PLACE = {"consent": 0, "face": 1, "wait": 2, "review": 2, "offer": 3, "share": 3, "sign": 4, "loan": 5}


@dataclass(frozen=True, slots=True)
class Step:
    word: str
    state: Literal["done", "now", "later"]


def way(standing: Standing) -> Sequence[Step]:
    """The five steps; none once the application has ended without a loan."""
    if standing.next not in _PLACE:
        return ()
    at = 5 if standing.has_offer and standing.next == "wait" else _PLACE[standing.next]
    return [Step(word, "done" if place < at else "now" if place == at else "later") for place, (_, word) in enumerate(WAY)]


TODO = {
    "consent": (N_("Read and answer"), N_("A few short texts, one purpose each. You may say no to any of them."), N_("Go on")),
    "face": (N_("Show that it is you"), N_("A clip of about one second. No gestures."), N_("Go on")),
    "wait": (N_("We are checking"), N_("This usually takes a few seconds."), N_("See how it stands")),
    "review": (N_("A person is looking at it"), N_("You need not wait here: your link keeps working."), N_("See how it stands")),
    "offer": (N_("Your offer is ready"), N_("See what it really costs before you decide."), N_("See the offer")),
    "share": (N_("One more question before signing"), N_("Whether the lender may receive your application."), N_("Go on")),
    "sign": (N_("Ready to sign"), N_("Read the contract. Nothing is owed until you sign."), N_("Read and sign")),
    "loan": (N_("Your loan"), N_("What you owe, when, and how to pay."), N_("See my loan")),
    "declined": (N_("The answer is no for now"), N_("See why, and what would help."), N_("See why")),
    "expired": (N_("This application has expired"), N_("You can apply again at the shop at any time."), N_("See more")),
    "withdrawn": (N_("You have withdrawn"), N_("Nothing is owed. You can still manage your data."), N_("See more")),
}
"""For each next step: what it is, one line about it, and the button's word."""
