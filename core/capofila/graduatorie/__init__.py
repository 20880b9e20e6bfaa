"""Waiting lists: who asked, how many points, who is admitted, and what happens afterwards."""
