"""The floor: what a driver does in one round trip for each statement, without a pool."""

from benchmarks.floors.async_drivers import ASYNC_FLOORS, AsyncFloor
from benchmarks.floors.sync_drivers import SYNC_FLOORS, SyncFloor

__all__ = ("ASYNC_FLOORS", "SYNC_FLOORS", "AsyncFloor", "SyncFloor")
