"""Capofila: the shared platform of the ambiti of the Piano di Zona."""

__version__ = "0.1.0"
