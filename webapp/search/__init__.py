"""Searching, as both APIs offer it: one request, one answer."""
