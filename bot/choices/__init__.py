"""What has been chosen in Slack instead of in shop.toml?

Admins change settings and digests in Home, people their language and their own digests. It
is kept in the state database (`store`), merged with the settings by a pure function
(`effective`), and counts from the next tick or question on (`current`).
"""
