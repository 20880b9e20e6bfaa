"""Prestazioni sociali: what was granted to whom, brought in, checked and shown."""
