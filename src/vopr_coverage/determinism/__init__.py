"""Seeds that were run twice: do they come out the same?"""
