"""When each tick last ran, and which node holds it: several nodes may run them, each acts once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from care.storage.columns import Base


class Tick(Base):
    __tablename__ = "tick"

    name: Mapped[str] = mapped_column(primary_key=True)
    last_run_at: Mapped[datetime | None]
    #: How far it has come in time, where that differs from when it ran.
    done_until: Mapped[datetime | None]
