"""A whole night on one machine: its folder, its steps, and the processes that it runs side by side.

Every step is a command that the nightly workflow runs, too, as a process of its own; what a step leaves is moved to
its place when it is whole. So a night that was killed goes on where it was, and nothing here is judged.
"""
