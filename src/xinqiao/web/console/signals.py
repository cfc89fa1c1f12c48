"""What each signal of a face check asks, whence the method, in which unit it measures and what bounds it, for the page of one check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from xinqiao.identity import REASONS
from xinqiao.identity.liveness import injection, temporal
from xinqiao.identity.liveness import signals as clip
from xinqiao.identity.liveness.challenge import answer
from xinqiao.identity.thresholds import Band, Thresholds

from ..i18n import Words
from .words import N_

Bound = Callable[[Thresholds], "Band | float"]
"""The bounds in force: a band, or the least value that passes."""


@dataclass(frozen=True, slots=True)
class Asked:
    word: str
    asks: str
    source: str
    unit: str = ""
    bound: Bound | None = None
    most: bool = False
    """The bound is the most that passes, not the least."""


def _constant(value: float) -> Bound:
    return lambda thresholds: value


QUALITY = N_("ISO/IEC 29794-5, in spirit")
FLASHING = N_("Face Flashing, Tang et al. 2018 (arXiv 1801.01949)")
OURS = N_("our own rule; docs/liveness.md")
SPECTRUM = N_("skin, ink and screens in near infrared; docs/liveness.md")
RELIEF = N_("plane and cylinder against the face mesh; docs/liveness.md")

ASKED: dict[str, Asked] = {
    "portrait_quality": Asked(
        N_("Quality of the ID portrait"),
        N_("Does the ID portrait show one face, large and clear enough?"),
        QUALITY,
        N_("pixels between the eyes"),
        lambda t: t.quality.portrait_eyes_apart_least,
    ),
    "selfie_quality": Asked(
        N_("Quality of the selfie"),
        N_("In how many frames is there one face: large, sharp, lit, frontal, whole, eyes and mouth in sight?"),
        QUALITY,
        N_("share of the frames"),
        _constant(clip.FACE_IN),
    ),
    "length": Asked(N_("Length of the clip"), N_("Are there enough frames?"), OURS, N_("frames"), _constant(clip.FEWEST_FRAMES)),
    "motion": Asked(
        N_("Motion in the clip"),
        N_("Does the face change from frame to frame at all? A still that is sent as a clip does not."),
        OURS,
        N_("grey levels"),
        _constant(temporal.STILL_GREY),
    ),
    "one_person": Asked(
        N_("One person throughout"),
        N_("Are the first, the middle and the last face one person's?"),
        N_("MobileFaceNet, Chen et al. 2018 (arXiv 1804.07573)"),
        N_("cosine"),
        lambda t: t.one_person,
    ),
    "texture": Asked(
        N_("Texture (photo or screen attack)"),
        N_("Is this skin before a camera, or paper or a screen?"),
        N_("our own network on two crops; model card"),
        N_("0 to 1"),
    ),
    "match": Asked(
        N_("Match with the ID portrait"),
        N_("Is the face that of the ID portrait?"),
        N_("MobileFaceNet, Chen et al. 2018 (arXiv 1804.07573)"),
        N_("cosine"),
        lambda t: t.match,
    ),
    "same_as_before": Asked(
        N_("The same face as before"),
        N_("Is it the face that passed an earlier check of this person?"),
        N_("revocable template, Charikar 2002"),
        N_("cosine"),
        lambda t: t.match.sure,
    ),
    "timing": Asked(
        N_("Times of the frames"),
        N_("Do the frames' times rise, and no faster than a camera's?"),
        OURS,
        N_("seconds a frame"),
        _constant(injection.FASTEST),
    ),
    "repeats": Asked(
        N_("Repeated frames"),
        N_("Do pictures or passages come again, forwards or backwards, as in a loop?"),
        OURS,
        N_("share of the frames"),
        _constant(injection.REPEATED),
        most=True,
    ),
    "recorder": Asked(N_("Recorder's marks"), N_("Was the clip written by a browser's recorder, and not by an editor?"), OURS),
    "camera": Asked(N_("Camera"), N_("Is the camera a device, and not a program that poses as one?"), OURS),
    "sent_before": Asked(
        N_("Sent before"),
        N_("Was this clip, or a copy of it, sent for another application?"),
        OURS,
        N_("differing bits"),
        _constant(injection.SAME_CLIP_BITS + 1),
    ),
    "challenge": Asked(N_("Light challenge"), N_("Was the clip recorded before the colours that the screen showed?"), FLASHING),
    "light_sequence": Asked(
        N_("Sequence of colours"),
        N_("Does the face answer this very sequence of colours, in time? A clip from elsewhere cannot."),
        FLASHING,
        N_("share explained"),
        _constant(answer.SURE),
    ),
    "light_shape": Asked(
        N_("Shape under the light"),
        N_("Does the light come back as from a solid face, or as from paper or a screen?"),
        FLASHING,
        N_("0 to 1"),
    ),
    "light_skin": Asked(
        N_("Skin under the light"),
        N_("How little does the answer look like a mask's? 1 less the network's share for masks; decides nothing by itself."),
        N_("our own network on the light's answer; model card"),
        N_("0 to 1"),
    ),
    "near_infrared": Asked(N_("Near infrared"), N_("Was a near-infrared picture given?"), SPECTRUM),
    "infrared_face": Asked(N_("Face in near infrared"), N_("Is the face there in near infrared too? A screen's is not."), SPECTRUM),
    "infrared_texture": Asked(
        N_("Texture in near infrared"), N_("Does it reflect near infrared as skin does, and not as print or mask?"), SPECTRUM, N_("0 to 1")
    ),
    "depth": Asked(N_("Depth"), N_("Was a depth picture given?"), RELIEF),
    "depth_relief": Asked(N_("Relief"), N_("Is the face raised as a face is, and not flat or merely bent?"), RELIEF),
    "depth_texture": Asked(N_("Relief against picture"), N_("Do depth and picture fit each other as on a real face?"), RELIEF),
    "calibration": Asked(N_("Calibration"), N_("Were thresholds set for the network that is in use?"), OURS),
    "fused": Asked(
        N_("All evidence together"),
        N_("Where several sources speak, does their sum speak for a living person?"),
        N_("sum of calibrated log-odds, Platt 1999"),
        N_("0 to 1"),
    ),
    "agreement": Asked(
        N_("Agreement"),
        N_("Does one kind of evidence refuse, alone against all the others?"),
        N_("weights of evidence, Good 1950"),
        N_("log-odds of the one that refuses"),
    ),
}
PROMISE = ("，将由人工复核。", "; a person will review it.")
"""How a reason ends that leaves a check to a person, in both languages; it is untrue where all evidence together settled the doubt."""
LEAST, MOST = N_("at least %(n)s"), N_("at most %(n)s")
GUEST = Asked(N_("Own model"), N_("What does this deployment's own model say?"), N_("named by its hash in the settings"), N_("0 to 1"))
"""A deployment's own model, `model_NAME`."""

STATES: dict[str, tuple[str, str]] = {
    "pass": (N_("Passed"), "good"),
    "retry": (N_("Try again"), "warn"),
    "refer": (N_("Refer to a person"), "warn"),
    "fail": (N_("Failed"), "bad"),
    "not_run": (N_("Did not run"), "warn"),
    "not_checked": (N_("Not asked"), ""),
}
"""A signal's state in words, and its tone."""

DEVICES = {
    "any": N_("any camera"),
    "phone_high": N_("good phone"),
    "phone_basic": N_("basic phone"),
    "desktop": N_("computer"),
}


def asked(name: str) -> Asked:
    """What a signal asks; one that no words are known for is called by its code."""
    if name.startswith("model_"):
        return GUEST
    return ASKED.get(name, Asked(name, "", ""))


def word_of(words: Words, name: str) -> str:
    if name.startswith("model_"):
        return f"{words.gettext(GUEST.word)}: {name.removeprefix('model_')}"
    return words.gettext(ASKED[name].word) if name in ASKED else name


def device_word(words: Words, name: str) -> str:
    """A class of devices in words; a deployment's own class by its code."""
    return words.gettext(DEVICES[name]) if name in DEVICES else name


def reason_word(words: Words, code: str, *, reviewed: bool = True) -> str:
    """Why, in words; what a decoder refused is said with its code. Not `reviewed`: without the promise that a person will look."""
    if code in REASONS:
        said, promise = words.both(REASONS[code].zh, REASONS[code].en), words.both(*PROMISE)
        return said if reviewed or not said.endswith(promise) else said.removesuffix(promise) + words.both("。", ".")
    return f"{words.gettext('The recording could not be read')} ({code})" if "." in code else code


def bound_of(words: Words, name: str, thresholds: Thresholds) -> str:
    """What bounds a signal, in words; empty where it is no single number, or one that the record of each check holds."""
    one = asked(name)
    return told_bound(words, one.bound(thresholds), most=one.most) if one.bound else ""


def told_bound(words: Words, found: Band | float, *, most: bool = False) -> str:
    if isinstance(found, Band):
        return words.gettext("passes from %(sure)s, fails under %(doubt)s") % {"sure": f"{found.sure:g}", "doubt": f"{found.doubt:g}"}
    return words.gettext(MOST if most else LEAST) % {"n": f"{found:g}"}
