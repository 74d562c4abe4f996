"""The visual API, `/v1/catalog`: parse, one call, present."""
