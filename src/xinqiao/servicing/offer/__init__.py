"""An offer: a contract with a price and an expiry, until its borrower signs it."""

from .model import Offer, Signature, signing_message, verify
from .service import get_offer, make_offer, offers_of, sign, signature_of

__all__ = ["Offer", "Signature", "get_offer", "make_offer", "offers_of", "sign", "signature_of", "signing_message", "verify"]
