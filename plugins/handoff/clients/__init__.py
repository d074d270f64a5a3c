"""Vendor I/O: one hook per vendor, no business rule."""
