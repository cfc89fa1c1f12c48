"""PostgreSQL: one pool, a transaction per call, and the tenant set in each of them.

Row-level security filters every table by `xinqiao.tenant`; the pool's connections act as a role that cannot bypass it,
so a query that forgets the tenant shows nothing rather than a neighbour's rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Column, Connection, Engine, MetaData, Text, create_engine, text
from sqlalchemy.engine import make_url

from . import embedded
from .canonical import canonical
from .settings import Settings

APP_ROLE = "xinqiao_app"

tables = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def tenant() -> Column[str]:
    """The tenant column: filled from the transaction, so that no statement names it."""
    return Column("tenant", Text, nullable=False, server_default=text("current_setting('xinqiao.tenant')"))


def _json(value: object) -> str:
    return canonical(value).decode()


class Database:
    """A pool on one PostgreSQL. `begin` is the only way to a connection that rooms use."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = make_url(url).set(drivername="postgresql+psycopg")
        self._pool_size = pool_size

    @classmethod
    def open(cls, settings: Settings, *, pool_size: int = 10) -> Database:
        """The database that the settings name, or the embedded one."""
        return cls(settings.database_url or embedded.start(settings.home / "pg"), pool_size=pool_size)

    @cached_property
    def engine(self) -> Engine:
        """Connections of the application's role, under row-level security."""
        return create_engine(
            self.url,
            pool_size=self._pool_size,
            max_overflow=self._pool_size,
            pool_pre_ping=True,
            hide_parameters=True,
            json_serializer=_json,
            connect_args={
                "options": f"-c role={APP_ROLE} -c timezone=UTC -c lock_timeout=20000 -c idle_in_transaction_session_timeout=60000"
            },
        )

    @cached_property
    def admin(self) -> Engine:
        """Connections of the URL's own user: migrations, partitions and durable flows; never a request."""
        return create_engine(
            self.url,
            pool_size=2,
            pool_pre_ping=True,
            hide_parameters=True,
            json_serializer=_json,
            connect_args={"options": "-c timezone=UTC"},
        )

    @contextmanager
    def begin(self, tenant: str = "main") -> Iterator[Connection]:
        """One transaction of one tenant; commits when the block ends, rolls back when it raises."""
        with self.engine.begin() as connection:
            connection.info.pop("appended", None)
            connection.execute(text("SELECT set_config('xinqiao.tenant', :tenant, true)"), {"tenant": tenant})
            yield connection

    def close(self) -> None:
        for name in ("engine", "admin"):
            if name in self.__dict__:
                self.__dict__.pop(name).dispose()
