"""What is done for the accounts each minute."""

from __future__ import annotations

from lookalike.accounts.model import AccountStore
from lookalike.accounts.quota import Quota
from lookalike.accounts.searches import Searches


class Bookkeeping:
    """Saves what was counted in Redis, so that its loss costs a minute, and sets right what was
    miscounted."""

    def __init__(self, store: AccountStore, searches: Searches, quota: Quota) -> None:
        self._store = store
        self._searches = searches
        self._quota = quota

    def keep(self) -> None:
        """Once for all tenants. Raises `QueueAway` and `IndexAway`."""
        tenants = [tenant.id for tenant in self._store.tenants()]
        self._searches.save(tenants)
        self._quota.correct(tenants)
