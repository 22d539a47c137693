"""What a scheduled tune waits for, as the settings have it. Whether it holds is `schedule`'s."""

from __future__ import annotations

from pydantic import BaseModel, Field


class NightSettings(BaseModel, extra="forbid"):
    """When a tune that `localai tune schedule` starts may run."""

    mains: bool = True
    """Learns on mains power only, and stops when the plug is pulled."""
    battery: int = Field(20, ge=0, le=100)
    """Least charge of the battery in percent, on mains, too; it stops below that."""
    memory: float = Field(1, ge=0)
    """Gigabytes of memory that have to be free at least when it begins."""
    idle_minutes: float = Field(15, ge=0)
    """Minutes without use of the machine before it begins, with no model to chat with in memory
    and a Mac's display asleep; 0 begins at once, whoever is there."""
