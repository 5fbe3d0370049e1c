"""Silence must be distinguishable: what watches the deliveries and says when one fails."""
