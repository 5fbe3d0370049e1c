"""Report -> Page: one file per kind of page."""
