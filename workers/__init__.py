"""The worker process: an RQ worker whose tasks are one call each."""
