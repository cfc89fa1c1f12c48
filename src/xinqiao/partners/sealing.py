"""Secrets at rest: those that webhooks are signed with. The vault seals them; the label keeps them apart from other rooms'."""

from functools import partial

from xinqiao.vault import sealing

seal = partial(sealing.seal, label="partners/webhook")
unseal = partial(sealing.unseal, label="partners/webhook")
renewed = partial(sealing.renewed, label="partners/webhook")
