"""Recorded scenarios that are left out, each with its reason. One that passes all the same is a failure of this table.

All five carry the upstream suite's skip tag: they never ran there, so no system ever produced their figures.
"""

ROUNDED = "never run upstream; asks the flat product for instalments of 333.33, which the same product, used alike, rounds to 333 in a scenario that runs"
EXCLUDED: dict[tuple[str, str], str] = {
    (
        "LoanCharge.feature",
        "FEE06 - Verify the loan creation with charge: tranche disbursement percentage fee, multi disbursement",
    ): "never run upstream; its product is not defined, and its tables are those of another loan: one tranche of 1000 over 30 days",
    ("LoanChargeOff.feature", "As a user I want to do a charge-off undo before any other transactions on the loan"): ROUNDED,
    ("LoanRepayment.feature", "Verify that the accounting treatment is correct for Goodwill Credit transaction after Charge-off"): ROUNDED,
    (
        "LoanRepayment.feature",
        "Verify that the accounting treatment is correct for Goodwill Credit transaction when the loan was Charged-off and undo happened for Goodwill",
    ): ROUNDED,
    (
        "LoanRepayment.feature",
        "Verify the due-penalty-fee-interest-principal-in-advance-principal-penalty-fee-interest-strategy payment strategy - adding charge due "
        "in the future, then repayment before due date with full amount",
    ): "never run upstream; the instalment is paid 1050 before its due date and the table counts 1000 of it as paid in advance",
}
