"""The suite that a vendor's test inherits."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import ClassVar

from capofila.conformita.esame import CONTROLLI, Esame, esamina

_esamina = lru_cache(maxsize=32)(esamina)


class Conformita:
    """All that a plugin must keep, a test each.

    ```python
    import capofila_mantova
    from capofila.conformita import Conformita

    class TestConforme(Conformita):
        plugin = capofila_mantova
    ```
    """

    plugin: ClassVar[ModuleType | str]
    """The module of the plugin, or its importable name."""

    @classmethod
    def esame(cls) -> Esame:
        """The examination, made once."""
        plugin = cls.plugin
        return _esamina(plugin if isinstance(plugin, str) else plugin.__name__)

    @classmethod
    def _rispetta(cls, controllo: str) -> None:
        trovati = cls.esame().di(controllo)
        assert not trovati, "\n" + "\n".join(f"{uno.dove}: {uno.che_cosa}" for uno in trovati)


def _prova(nome: str, chiede: str) -> None:
    def prova(self: Conformita) -> None:
        self._rispetta(nome)

    prova.__name__, prova.__doc__ = f"test_{nome}", chiede
    prova.__qualname__ = f"Conformita.test_{nome}"
    setattr(Conformita, prova.__name__, prova)


for _uno in CONTROLLI:
    _prova(_uno.nome, _uno.chiede)
