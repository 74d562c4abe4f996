"""A change of model without a gap: a new edition beside the serving one, filled, embedded,
rehearsed, and then put in its place."""
