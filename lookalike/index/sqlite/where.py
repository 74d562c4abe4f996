"""Conditions of an SQL statement: constant text, the values apart."""

from __future__ import annotations

from dataclasses import dataclass

Value = str | int | float


@dataclass(slots=True)
class Where:
    """Conditions that all hold: `sql` goes after WHERE, and `values` are bound to it."""

    sql: str
    values: tuple[Value, ...]

    def add(self, condition: str, *values: Value) -> None:
        """One more condition, a constant; a `?` for each value."""
        self.sql = f"{self.sql} AND {condition}"
        self.values += values


def of_tenant(tenant: str) -> Where:
    """The products of one tenant: where every condition begins."""
    return Where("tenant = ?", (tenant,))


def everywhere() -> Where:
    """The products of all tenants, for the operator."""
    return Where("TRUE", ())
