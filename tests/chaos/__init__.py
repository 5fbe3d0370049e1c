"""Do real processes that are killed and paused leave each digest once in the channel?"""
