"""The two markers of the contract: ``hookspec`` here, ``hookimpl`` in the plugins.

A module of its own, which imports nothing of ours, so that any module of the contract may use it.
"""

from __future__ import annotations

from typing import Final

import pluggy

PROGETTO: Final = "capofila"
"""The pluggy project name, the same on both sides."""

hookspec = pluggy.HookspecMarker(PROGETTO)
hookimpl = pluggy.HookimplMarker(PROGETTO)
