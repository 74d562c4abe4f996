"""The embedded index: products and accounts in one SQLite file, vectors scanned exactly."""
