"""Each message exactly once: the ledger and the steps of a delivery."""
