"""The feed API, `/api/v1/catalog`."""
