"""What may be wrong with a SIUSS file as a whole or with its head, each by name."""

from __future__ import annotations

import ast
import inspect
import io

import pytest

from capofila.hooks import FileNonLeggibile, IntestazioneFlusso, Voce, lettori
from capofila.siuss import controlla_intestazione, leggi, lettura
from capofila.siuss.lettura import CONTROLLI


def _codici(esempio: dict[str, str]) -> list[str]:
    if "file" not in esempio:
        return [e.codice for e in controlla_intestazione(IntestazioneFlusso(**esempio))]
    try:
        list(leggi(io.BytesIO(esempio["file"].encode())))
    except FileNonLeggibile as errore:
        return [errore.codice]
    return []


@pytest.mark.parametrize("voce", CONTROLLI, ids=lambda voce: voce.codice)
def test_ogni_difetto_di_un_file_ha_un_esempio_che_passa_e_uno_che_no(voce: Voce) -> None:
    assert _codici(dict(voce.esempio_valido)) == []
    assert voce.codice in _codici(dict(voce.esempio_errato))
    assert voce.fonte
    assert voce.messaggio


def test_nessun_codice_della_lettura_manca_dal_catalogo() -> None:
    scritti: set[str] = set()
    for modulo in (lettura, lettori):
        for nodo in ast.walk(ast.parse(inspect.getsource(modulo))):
            if not isinstance(nodo, ast.Call) or not isinstance(nodo.func, ast.Name):
                continue
            posto = {"FileNonLeggibile": 0, "segnala": 2}.get(nodo.func.id)
            if posto is not None and isinstance(nodo.args[posto], ast.Constant):
                scritti.add(str(nodo.args[posto].value))  # type: ignore[attr-defined]
    del_codice_fiscale = {v.codice for v in CONTROLLI if v.codice.startswith("codice_fiscale")}
    assert {voce.codice for voce in CONTROLLI} == scritti | del_codice_fiscale
