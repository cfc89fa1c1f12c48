"""One consistent invented story, from which every example in the description is taken."""

from __future__ import annotations

from typing import Any

APPLICATION_ID = "019bfe37-06d8-7c1e-9a52-8d1f5c3b7a60"
QUESTION_ID = "019bfe38-19aa-7d02-b7c1-2f90a4be6d11"
LOAN_ID = "5f0c8a2e-6b1d-5c3a-9a77-d2c4e8b01f93"

APPLICATION: dict[str, Any] = {
    "kind": "personal",
    "name": "王小满",
    "id_number": "110101199003070812",
    "phone": "13800138000",
    "address": "北京市东城区景山前街4号",
    "amount": "3000.00",
    "term_months": 6,
    "loan_purpose": "household_goods",
    "monthly_income": "8500.00",
    "reference": "ORDER-1",
}
BUSINESS_APPLICATION: dict[str, Any] = APPLICATION | {
    "kind": "micro_business",
    "amount": "50000.00",
    "term_months": 12,
    "loan_purpose": "inventory",
    "monthly_income": "21000.00",
    "reference": "ORDER-2",
    "business": {"name": "小满便利店", "credit_code": "91110101MA0123456B", "role": "owner"},
}
FOLLOWED: dict[str, Any] = {
    "id": APPLICATION_ID,
    "stage": "received",
    "kind": "personal",
    "amount": {"amount": "3000.00", "currency": "CNY"},
    "term_months": 6,
    "loan_purpose": "household_goods",
    "reference": "ORDER-1",
    "created_at": "2026-11-22T02:00:00Z",
    "updated_at": "2026-11-22T02:00:00Z",
}
CURSOR = "MjAyNi0xMS0yMlQwMjowMDowMCswMDowMHwwMTliZmUzNy0wNmQ4LTdjMWUtOWE1Mi04ZDFmNWMzYjdhNjA"
RECEIVED = FOLLOWED | {"applicant_url": "http://127.0.0.1:8600/a/5fJ0Wm8vT1cYQz3nXk7bLr2hDs9gAeUiPo4tMwCvBxN"}
QUESTION = {
    "id": QUESTION_ID,
    "application": APPLICATION_ID,
    "annual_rate": "0.089",
    "asked_at": "2026-11-22T02:01:10Z",
    "deadline": "2026-11-22T02:01:30Z",
}
REPLIED = {"id": QUESTION_ID, "reply": "yes", "answered_at": "2026-11-22T02:01:12Z"}
LOAN = {
    "id": LOAN_ID,
    "application": APPLICATION_ID,
    "principal": {"amount": "3000.00", "currency": "CNY"},
    "outstanding": {"amount": "2510.14", "currency": "CNY"},
    "annual_rate": "0.085",
    "term_months": 6,
    "disbursed_on": "2026-11-22",
    "status": "active",
    "days_past_due": 0,
    "next_due": "2027-01-22",
}
RESERVATION = {
    "id": "019bfe38-0c4d-7b6f-8e21-60a1d7f2c9b3",
    "application": APPLICATION_ID,
    "state": "confirmed",
    "amount": {"amount": "3000.00", "currency": "CNY"},
    "outstanding": {"amount": "2510.14", "currency": "CNY"},
    "term_months": 6,
    "annual_rate": "0.085",
    "expires_at": "2026-11-25T02:01:10Z",
}
CAPACITY = {
    "dimension": "region",
    "key": "11",
    "capacity": {"amount": "7500000.00", "currency": "CNY"},
    "used": {"amount": "3000.00", "currency": "CNY"},
}
BORROWER = {"fields": {"name": "王小满", "phone": "+8613800138000", "address": "北京市东城区景山前街4号"}}
WANTED = {"url": "https://shop.example/hooks", "kinds": ["*"]}
SUBSCRIPTION = {
    "id": "019bfe39-5d70-7e88-a3f4-17c2b9d0e6a5",
    "url": "https://shop.example/hooks",
    "kinds": ["*"],
    "active": True,
    "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
KEY = {
    "id": "6c1f9a0b3d2e4f58",
    "scopes": ["applications:read", "applications:write", "webhooks:manage"],
    "expires_at": "2027-11-22T02:00:00Z",
    "secret": None,
}
MESSAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "application.offered": (
        "To a scene: an application reached a stage; the kind names it.",
        {"application": APPLICATION_ID, "reference": "ORDER-1", "stage": "offered"},
    ),
    "offer.asked": (
        "To a funder that answers for itself: will you take this loan? Silence until `answer_before` is a no.",
        {
            "question": QUESTION_ID,
            "application": APPLICATION_ID,
            "amount": {"amount": "3000.00", "currency": "CNY"},
            "months": 6,
            "kind": "personal",
            "purpose": "household_goods",
            "region": "110000",
            "band": "B",
            "pd": "0.061",
            "annual_rate": "0.089",
            "guarantor": None,
            "coverage": "0",
            "answer_before": "2026-11-22T02:01:30Z",
        },
    ),
    "loan.disbursed": (
        "To scene, funder and guarantor: the loan was paid out.",
        {"loan": LOAN_ID, "application": APPLICATION_ID, "principal": {"amount": "3000.00", "currency": "CNY"}},
    ),
    "loan.repaid": (
        "To funder and guarantor: a repayment was booked.",
        {"loan": LOAN_ID, "amount": {"amount": "512.40", "currency": "CNY"}, "closed": False},
    ),
}
"""What we send: kind -> (to whom and when, data)."""
