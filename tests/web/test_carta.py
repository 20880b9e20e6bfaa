"""A document is made whatever somebody wrote: what its letters do not have stands as its code."""

from __future__ import annotations

import pytest

from capofila.web import carta

MODELLO = b"""#let d = json(bytes(sys.inputs.dati))
#set document(title: d.titolo, date: datetime(year: 2026, month: 1, day: 1))
#set text(lang: "it")
#title()
#for riga in d.righe [#riga

]
"""


@pytest.mark.parametrize("norme", [carta.LEGGIBILE, carta.DA_CONSERVARE])
def test_un_segno_senza_lettera_non_ferma_il_documento(norme: tuple[carta.Norma, ...]) -> None:
    strane = ["Emoji 😀 e 你好", "controllo \x01", "".join(chr(c) for c in range(0x4E00, 0x4E40))]
    for dati in ({"titolo": "Perché", "righe": strane}, {"titolo": "😀", "righe": ["D'Angelo"]}):
        assert carta.componi(MODELLO, dati, norme).startswith(b"%PDF-1.7")


def test_al_posto_del_segno_c_e_il_suo_codice() -> None:
    import re

    assert carta._al_posto_di({"a": ["x😀y"]}, re.compile("😀")) == {"a": ["x[U+1F600]y"]}


def test_un_modello_sbagliato_resta_un_errore() -> None:
    with pytest.raises(Exception, match="unclosed"):
        carta.componi(b"#let x = (", {"titolo": "x"})
