"""Which rules watch the figures, what do they owe whom, and what may a reader do about it?"""
