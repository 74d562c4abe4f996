"""The web process: both published APIs over one `Services`, and nothing of its own below them."""
