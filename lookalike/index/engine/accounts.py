"""The `AccountStore` on Elasticsearch and on OpenSearch: one small index, each tenant, key and
month's usage a document that is read by its id, fresh, and listed after the engine's refresh."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from lookalike.accounts.model import ApiKey, Browser, Scope, Tenant
from lookalike.errors import IndexAway
from lookalike.index.engine.protocol import Engine, Json
from lookalike.index.engine.retrying import reason

_ROUNDS = 20
_MOST = 10_000
_INSTALLATION = "installation"
_REFRESHED = {"refresh": "true"}

Merge = Callable[[Json | None], Json | None]
"""What a document's data shall be, by what it is (None: not there); None: as it is."""


class EngineAccountStore:
    """Accounts in an engine. Thread-safe."""

    def __init__(self, engine: Engine, index: str) -> None:
        self._engine = engine
        self._index = index

    def tenants(self) -> list[Tenant]:
        """All tenants, oldest first."""
        return [_tenant(each) for each in self._list({"term": {"kind": "tenant"}})]

    def tenant(self, id: str) -> Tenant | None:
        """The tenant with this id."""
        found = self._get(f"tenant:{id}")
        return _tenant(found["data"]) if found else None

    def open(self, tenant: Tenant, key: ApiKey) -> bool:
        """Stores the first tenant with its first key, both or neither; False if there is one.

        An engine writes one document at a time, so one tells what the first tenant and key are,
        and whoever comes finishes what a process that ended in the middle left undone.
        """
        first: Json = {"tenant": _of_tenant(tenant), "key": _of_key(key), "done": False}
        if self.tenants() and self._get(_INSTALLATION) is None:
            return False
        is_first = self._create(_INSTALLATION, "installation", "", first)
        found = self._get(_INSTALLATION)
        if found is not None and not found["data"]["done"]:
            opened = found["data"]
            self.save_tenant(_tenant(opened["tenant"]))
            self.save_key(_key(opened["key"]))
            self._merge(_INSTALLATION, "installation", "", lambda _: opened | {"done": True})
        return is_first

    def save_tenant(self, tenant: Tenant) -> None:
        """Stores a new tenant, or a known one's new state."""
        data = _of_tenant(tenant)
        self._merge(f"tenant:{tenant.id}", "tenant", tenant.id, lambda _: data)

    def delete_tenant(self, id: str) -> None:
        """Removes a tenant with its keys and its usage, if it is there; the tenant goes last."""
        self._call("POST", "_refresh")
        owned = {"bool": {"filter": [{"term": {"tenant": id}}, {"terms": {"kind": _OWNED}}]}}
        self._call("POST", "_delete_by_query", {"query": owned}, _REFRESHED)
        self._call("DELETE", f"_doc/tenant:{id}", params=_REFRESHED, allowed={404})

    def key(self, id: str) -> ApiKey | None:
        """The key with this public id, revoked or not."""
        found = self._get(f"key:{id}")
        return _key(found["data"]) if found else None

    def keys(self, tenant: str) -> list[ApiKey]:
        """The tenant's keys, oldest first, revoked ones included."""
        return [_key(each) for each in self._list({"term": {"kind": "key"}}, tenant)]

    def save_key(self, key: ApiKey) -> None:
        """Stores a new key, or a known one's new state; one that is revoked stays so."""

        def merged(known: Json | None) -> Json:
            revoked_at = (known or {}).get("revoked_at")
            data = _of_key(key)
            return data | ({"revoked_at": revoked_at} if revoked_at else {})

        self._merge(f"key:{key.id}", "key", key.tenant, merged)

    def usage(self, tenant: str, month: str) -> int:
        """How many searches of a calendar month were saved."""
        found = self._get(f"usage:{tenant}:{month}")
        return int(found["data"]["searches"]) if found else 0

    def save_usage(self, tenant: str, month: str, searches: int) -> None:
        """Saves a month's searches; never lowers what is there."""

        def merged(known: Json | None) -> Json | None:
            is_more = known is None or searches > known["searches"]
            return {"searches": searches} if is_more else None

        self._merge(f"usage:{tenant}:{month}", "usage", tenant, merged)

    def close(self) -> None:
        """Closes the connections."""
        self._engine.close()

    def _get(self, id: str) -> Json | None:
        answer = self._call("GET", f"_doc/{_path(id)}", allowed={404})
        if not answer.get("found"):
            return None
        return {**answer["_source"], "seq_no": answer["_seq_no"], "term": answer["_primary_term"]}

    def _create(self, id: str, kind: str, tenant: str, data: Json) -> bool:
        body = _document(kind, tenant, data)
        answer = self._engine.call("PUT", f"/{self._index}/_create/{_path(id)}", body, _REFRESHED)
        if answer.status not in {200, 201, 409}:
            raise IndexAway(f"The engine does not write ({reason(answer.body)}).")
        return answer.status != 409

    def _merge(self, id: str, kind: str, tenant: str, merge: Merge) -> None:
        """Reads, decides and writes, again whenever another writer came first."""
        for _ in range(_ROUNDS):
            found = self._get(id)
            data = merge(found["data"] if found else None)
            if data is None or (found and data == found["data"]):
                return
            if found is None:
                if self._create(id, kind, tenant, data):
                    return
                continue
            body = _document(kind, tenant, data)
            standing = {"if_seq_no": str(found["seq_no"]), "if_primary_term": str(found["term"])}
            path = f"/{self._index}/_doc/{_path(id)}"
            answer = self._engine.call("PUT", path, body, _REFRESHED | standing)
            if answer.status < 300:
                return
            if answer.status != 409:
                raise IndexAway(f"The engine does not write ({reason(answer.body)}).")
        raise IndexAway("Others keep changing the same account. Try again.")

    def _list(self, condition: Json, tenant: str | None = None) -> list[Json]:
        """The data of the documents of a kind, oldest first, then by id."""
        conditions = [condition, *([{"term": {"tenant": tenant}}] if tenant else [])]
        body: Json = {"query": {"bool": {"filter": conditions}}, "size": _MOST}
        hits = self._call("POST", "_search", body)["hits"]["hits"]
        found: list[Json] = [each["_source"]["data"] for each in hits]
        return sorted(found, key=lambda data: (data["created_at"], data["id"]))

    def _call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        params: dict[str, str] | None = None,
        allowed: set[int] = frozenset(),  # type: ignore[assignment]
    ) -> Json:
        answer = self._engine.call(method, f"/{self._index}/{path}", body, params)
        if answer.status >= 400 and answer.status not in allowed:
            raise IndexAway(f"The engine does not answer as it should ({reason(answer.body)}).")
        found: Json = answer.body if isinstance(answer.body, dict) else {}
        return found


_OWNED = ["key", "usage"]


def _path(id: str) -> str:
    return quote(id, safe=":")


def _document(kind: str, tenant: str, data: Json) -> Json:
    """A document: what it is found by, and the data, which the engine only keeps."""
    return {"kind": kind, "tenant": tenant, "created_at": data.get("created_at"), "data": data}


def _of_tenant(tenant: Tenant) -> Json:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "tier": tenant.tier,
        "created_at": _timestamp(tenant.created_at),
    }


def _tenant(data: Json) -> Tenant:
    return Tenant(
        id=data["id"],
        name=data["name"],
        tier=data["tier"],
        created_at=datetime.fromisoformat(data["created_at"]),
    )


def _of_key(key: ApiKey) -> Json:
    browser = key.browser and {"origins": sorted(key.browser.origins), "burst": key.browser.burst}
    return {
        "id": key.id,
        "tenant": key.tenant,
        "label": key.label,
        "scopes": sorted(key.scopes),
        "secret_hash": key.secret_hash,
        "created_at": _timestamp(key.created_at),
        "expires_at": key.expires_at and _timestamp(key.expires_at),
        "revoked_at": key.revoked_at and _timestamp(key.revoked_at),
        "browser": browser,
    }


def _key(data: Json) -> ApiKey:
    browser = data["browser"]
    return ApiKey(
        id=data["id"],
        tenant=data["tenant"],
        label=data["label"],
        scopes=frozenset(Scope(scope) for scope in data["scopes"]),
        secret_hash=data["secret_hash"],
        created_at=datetime.fromisoformat(data["created_at"]),
        expires_at=_moment(data["expires_at"]),
        revoked_at=_moment(data["revoked_at"]),
        browser=browser and Browser(origins=frozenset(browser["origins"]), burst=browser["burst"]),
    )


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
