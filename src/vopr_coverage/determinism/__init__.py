"""Seeds that were made twice: do they come out the same?"""
