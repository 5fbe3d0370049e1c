"""Says the figures of `metrics` in Slack."""
