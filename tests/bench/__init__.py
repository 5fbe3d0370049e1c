"""How fast is the morning, against what a shop would otherwise use?"""
