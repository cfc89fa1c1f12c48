"""Secrets at rest: those that authenticators share with us. The vault seals them; the label keeps them apart from other rooms'."""

from functools import partial

from xinqiao.vault import sealing

seal = partial(sealing.seal, label="staff/totp")
unseal = partial(sealing.unseal, label="staff/totp")
renewed = partial(sealing.renewed, label="staff/totp")
