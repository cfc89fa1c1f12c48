"""Funding: terms as data, bids, allocation at shadow prices, capacity that is never exceeded, and a funder's own answer."""

from .allocation import Allocation, allocate_book
from .errors import (
    AnsweredAlready,
    AnsweredTooLate,
    AskNotValid,
    NoSuchQuestion,
    NoSuchReservation,
    RateAboveBid,
    ReservationEnded,
    TermsNotValid,
)
from .market import Book, Funder, Guarantor, Market
from .model import WORDS, Ask, Auction, Bid, Line, Question, Reply, Reservation, Standing, State
from .service.auction import bids, bids_of, next_choice
from .service.pricing import book_of, reprice, reservations_of, standings
from .service.questions import answer, ask, expire_questions, questions_to
from .service.reserve import confirm, expire_due, get, release, reservation_of, reserve, restore
from .service.terms import publish_funder, publish_guarantor, terms_of, withdraw

__all__ = [
    "WORDS",
    "Allocation",
    "AnsweredAlready",
    "AnsweredTooLate",
    "Ask",
    "AskNotValid",
    "Auction",
    "Bid",
    "Book",
    "Funder",
    "Guarantor",
    "Line",
    "Market",
    "NoSuchQuestion",
    "NoSuchReservation",
    "Question",
    "RateAboveBid",
    "Reply",
    "Reservation",
    "ReservationEnded",
    "Standing",
    "State",
    "TermsNotValid",
    "allocate_book",
    "answer",
    "ask",
    "bids",
    "bids_of",
    "book_of",
    "confirm",
    "expire_due",
    "expire_questions",
    "get",
    "next_choice",
    "publish_funder",
    "publish_guarantor",
    "questions_to",
    "release",
    "reprice",
    "reservation_of",
    "reservations_of",
    "reserve",
    "restore",
    "standings",
    "terms_of",
    "withdraw",
]
