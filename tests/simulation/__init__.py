"""Does each morning's digest arrive exactly once in a world where everything breaks?"""
