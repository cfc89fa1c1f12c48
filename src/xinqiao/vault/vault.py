"""What the vault needs besides the database: keys, policies and the key that signs the log. Made once a process."""

from __future__ import annotations

from dataclasses import dataclass, field

from xinqiao.kit import Settings

from .access import Gate
from .audit.signing import Signer
from .cipher import CipherName
from .keyring import IndexKey, KeySource, open_keys


@dataclass(frozen=True, slots=True)
class Vault:
    """One for all tenants of a deployment; shared by threads."""

    keys: KeySource
    index: IndexKey
    gate: Gate
    signer: Signer
    cipher: CipherName
    """What new values are sealed with; what is read is opened with whatever sealed it."""
    checked: set[tuple[str, str]] = field(default_factory=set, compare=False)
    """(tenant, key) pairs known to be the keys that the database was written with."""

    @classmethod
    def open(cls, settings: Settings) -> Vault:
        """Keys from the environment or from files under `settings.home`/keys, made on the first start; policies from this room and
        from `settings.home`/policies/*.cedar. Raises KeyUnsafe, KeyMalformed, KeyMissing or PolicyInvalid.
        """
        folder = settings.home / "keys"
        keys, index = open_keys(folder, settings.cipher)
        return cls(keys, index, Gate(settings.home / "policies"), Signer.open(folder), settings.cipher)

    def reload_policies(self) -> None:
        """Make changed policies take effect now rather than within a second. Raises PolicyInvalid."""
        self.gate.reload()
