"""`/v1/account`: a tenant's keys and its usage, for its admin keys."""
