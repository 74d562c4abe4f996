"""Products drawn by code: plain shapes, true colours, two views each."""
