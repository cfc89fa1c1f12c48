"""Settings from the environment (`XINQIAO_…`, and `DATABASE_URL` as other tools name it)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="XINQIAO_", extra="ignore", populate_by_name=True)

    home: Path = Path("var")
    """State that is not in the database: keys/, pg/ (the embedded server), evidence/."""
    database_url: str | None = Field(default=None, validation_alias=AliasChoices("DATABASE_URL", "XINQIAO_DATABASE_URL", "database_url"))
    """A PostgreSQL URL; absent, the embedded server is started under `home`."""
    tenant: str = Field(default="main", pattern=r"^[a-z][a-z0-9_-]{0,39}$")
    timezone: str = "Asia/Shanghai"
    host: str = "127.0.0.1"
    port: int = Field(default=8600, ge=0, le=65535)
    public_url: str | None = None
    """The address people and partners reach; absent, http://host:port."""
    cipher: Literal["AES-256-GCM-SIV", "SM4-GCM"] = "AES-256-GCM-SIV"
    credit_model: str = Field(default="taiwan-1", pattern=r"^[\w.-]{1,60}$")
    credit_policy: str = Field(default="personal-2026-11", pattern=r"^[\w.-]{1,60}$")
    offer_hours: int = Field(default=24, ge=1, le=24 * 14)
    """How long an offer's price and capacity are held: time to think, without a countdown."""
    challenge_seconds: int = Field(default=60, ge=10, le=600)
    """How long a light challenge can be answered: from asking for it until the recording has arrived."""
    face_attempts: int = Field(default=2, ge=1, le=10)
    """Recordings that an applicant may send before a person looks instead."""
    log_json: bool = False
    max_body_bytes: int = Field(default=16 * 1024 * 1024, ge=1024)
    demo: bool = False
    """Mounts the invented shop and its people; never in production."""

    @property
    def address(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
