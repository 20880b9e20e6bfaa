"""A PDND of the tests: keys, vouchers, an e-service for three enti, flows published in it."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from tests.prestazioni.casi import contesto

from capofila.base.database import UnitaDiLavoro, unita_di_lavoro
from capofila.debito.pdnd import pubblica
from capofila.debito.resa_sql import espressioni
from capofila.hooks import Flusso, IntestazioneFlusso
from capofila.siuss import FLUSSO_PRESTAZIONI, FLUSSO_SINBA

EMITTENTE = "interop.pagopa.it"
AUDIENCE = {c: f"https://capofila.example/waas/v1/{c}" for c in ("D142", "G306", "D150")}
AMBITO = {"D142": "crema", "G306": "crema", "D150": "cremona"}
OPERATORE = "PRVPTR70A01D142C"


def chiave(nome: str = "buona", tipo: str = "RSA") -> Any:
    """A private key, the same all through the session."""
    return _nuova_chiave(nome, tipo)


@cache
def _nuova_chiave(nome: str, tipo: str) -> Any:
    if tipo == "EC":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(nome: str, tipo: str = "RSA", **altro: Any) -> dict[str, Any]:
    """The public half of a key, as a key set has it."""
    pubblica_ = chiave(nome, tipo).public_key()
    voce = (RSAAlgorithm if tipo == "RSA" else ECAlgorithm).to_jwk(pubblica_, as_dict=True)
    return {**voce, "kid": nome, "use": "sig", **altro}


def scrivi_chiavi(file: Path, *voci: Mapping[str, Any]) -> Path:
    """A key set in a file; with none, the good RSA key and one for ES256."""
    insieme = voci or (jwk("buona", alg="RS256"), jwk("ellittica", "EC"), jwk("pss", alg="PS256"))
    file.write_text(json.dumps({"keys": list(insieme)}))
    return file


def dichiarazioni(codice: str = "D142", **altro: Any) -> dict[str, Any]:
    """What a good voucher says; None takes a claim away."""
    ora = int(time.time())
    tutte = {
        "iss": EMITTENTE, "aud": AUDIENCE[codice], "iat": ora, "nbf": ora, "exp": ora + 600,
        "jti": str(uuid4()), "sub": str(uuid4()), "client_id": str(uuid4()),
        "purposeId": str(uuid4()),
    } | altro  # fmt: skip
    return {nome: valore for nome, valore in tutte.items() if valore is not None}


def voucher(
    codice: str = "D142", *, kid: str = "buona", alg: str = "RS256", typ: str = "at+jwt",
    firmatario: Any = None, **altro: Any,
) -> str:  # fmt: skip
    """A signed voucher."""
    con = firmatario or chiave(kid, "EC" if alg == "ES256" else "RSA")
    return jwt.encode(
        dichiarazioni(codice, **altro), con, algorithm=alg, headers={"kid": kid, "typ": typ}
    )


def grezzo(testata: Mapping[str, Any], contenuto: Mapping[str, Any], firma: bytes = b"") -> str:
    """A token put together by hand."""
    parti = (msgspec.json.encode(testata), msgspec.json.encode(contenuto), firma)
    return ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parti)


def porta(token: str | None) -> dict[str, str]:
    return {} if token is None else {"authorization": f"Bearer {token}"}


async def dichiara(codice: str = "D142", **altro: Any) -> None:
    """An e-service for an ente, as `ambito apply` makes it."""
    valori = {"audience": AUDIENCE[codice], "attivo": True, **altro}
    nomi = ", ".join(valori)
    segni = ", ".join(f"${n}" for n in range(2, len(valori) + 2))
    async with unita_di_lavoro(await contesto(AMBITO[codice])) as unita:
        await unita.esegui(
            f"INSERT INTO eservice (ente_id, codice, {nomi}) "
            f"SELECT id, codice, {segni} FROM ente WHERE codice = $1",
            codice,
            *valori.values(),
        )


async def corsa(unita: UnitaDiLavoro, codice: str = "D142", flusso: str = "siuss") -> UUID:
    """A run on the channel pdnd, as far as the flows need it."""
    id_: UUID = await unita.valore(
        "INSERT INTO esportazione (flusso, periodo, dal, al, ente_id, nome_flusso, stato, canale, "
        "sha256, oggetto, manifesto) SELECT $2, '2025', '2025-01-01', '2025-12-31', id, "
        "codice || '.PS.20250131.0000001', 'inviata', 'pdnd', repeat('0', 64), 'x', '{}' "
        "FROM ente WHERE ambito_id = ambito_corrente() AND codice = $1 RETURNING id",
        codice,
        flusso,
    )
    return id_


def intestazione_di(codice: str) -> IntestazioneFlusso:
    return IntestazioneFlusso("x", codice, "Comune di prova", codice, OPERATORE)


def selezione(flusso: Flusso) -> str:
    """The records named by id in `$1`, in that order, as insertions."""
    if flusso is FLUSSO_SINBA:
        gruppo, riga = espressioni(flusso, lambda nome: f"(p.dati ->> '{nome}')")
        tabella = "scheda_sinba"
    else:
        gruppo, riga = espressioni(flusso, lambda nome: f"p.{nome}::text")
        tabella = "prestazione"
    return (
        f"SELECT p.id AS record_id, 'I'::text AS operazione, nullif({gruppo}, '') AS gruppo, "
        f"{riga} AS riga, p.comune_titolare AS titolare, p.anno FROM {tabella} p "
        "JOIN unnest($1::bigint[]) WITH ORDINALITY AS v(id, posto) USING (id) "
        "WHERE p.ambito_id = ambito_corrente() ORDER BY v.posto"
    )


async def pubblica_record(
    unita: UnitaDiLavoro,
    record: Iterable[int],
    codice: str = "D142",
    flusso: Flusso = FLUSSO_PRESTAZIONI,
    adesso: datetime | None = None,
    run: UUID | None = None,
) -> int:
    """Publish records that are in the tables, in this order."""
    return await pubblica(
        unita,
        ente=await unita.valore(
            "SELECT id FROM ente WHERE ambito_id = ambito_corrente() AND codice = $1", codice
        ),
        esportazione=run or await corsa(unita, codice, flusso.id),
        flusso=flusso,
        intestazione=intestazione_di(codice),
        selezione_sql=selezione(flusso),
        valori=[list(record)],
        adesso=adesso,
    )


async def pubblica_finti(
    unita: UnitaDiLavoro, quanti: int, primo: int = 0, adesso: datetime | None = None,
    codice: str = "D142", run: UUID | None = None,
) -> int:  # fmt: skip
    """Publish so many flows of invented numbers, for what only looks at the order."""
    return await pubblica(
        unita,
        ente=await unita.valore(
            "SELECT id FROM ente WHERE ambito_id = ambito_corrente() AND codice = $1", codice
        ),
        esportazione=run or await corsa(unita, codice),
        flusso=FLUSSO_PRESTAZIONI,
        intestazione=intestazione_di(codice),
        selezione_sql="SELECT n::bigint AS record_id, 'I'::text AS operazione, '<a>' AS gruppo, "
        "'<b n=\"' || n || '\"/>' AS riga, 'D142' AS titolare, 2025::smallint AS anno "
        "FROM generate_series($1::int, $2::int) n ORDER BY n",
        valori=[primo, primo + quanti - 1],
        adesso=adesso,
    )


# The shape of the answers, written down by hand from the description of INPS.

FORMA_FLUSSO = {
    "codice_ente": r"[A-Z][0-9]{3}",
    "denominazione_ente": r".{1,256}",
    "id_flusso": r"[A-Z][0-9]{3}\.(PS|SINBA)\.20[0-9]{6}\.[0-9]{7}",
    "tipo": r"PS_PSA_SINA|SINBA",
    "ts_flusso": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "flusso": r"[A-Za-z0-9+/]+={0,2}",
}
FORMA_PROBLEMA = {
    "detail": r".{5,4096}",
    "instance": r"urn:capofila:traccia:[0-9a-f]{32}",
    "title": r".{3,200}",
    "type": "about:blank",
}


def elenco(risposta: httpx.Response) -> list[dict[str, str]]:
    """The flows of a good answer, whose shape is checked."""
    assert risposta.status_code == 200, risposta.text
    assert risposta.headers["content-type"] == "application/json; charset=utf-8"
    corpo = risposta.json()
    assert list(corpo) == ["elenco_flussi"]
    assert len(corpo["elenco_flussi"]) <= 100
    for flusso in corpo["elenco_flussi"]:
        assert set(flusso) == set(FORMA_FLUSSO)
        for nome, forma in FORMA_FLUSSO.items():
            assert re.fullmatch(forma, flusso[nome]), (nome, flusso[nome][:80])
        assert len(flusso["flusso"]) <= 10_000_000
    secondo_descrizione("Entries", corpo)
    flussi: list[dict[str, str]] = corpo["elenco_flussi"]
    return flussi


def e_un_problema(risposta: httpx.Response, stato: int) -> dict[str, Any]:
    """A problem+json answer, whose shape is checked."""
    assert risposta.status_code == stato, risposta.text
    assert risposta.headers["content-type"] == "application/problem+json"
    corpo: dict[str, Any] = risposta.json()
    assert set(corpo) == {*FORMA_PROBLEMA, "status"}
    assert corpo["status"] == stato
    for nome, forma in FORMA_PROBLEMA.items():
        assert re.fullmatch(forma, corpo[nome]), (nome, corpo[nome])
    secondo_descrizione("Problem", corpo)
    return corpo


def millisecondi(flusso: Mapping[str, str]) -> int:
    """The cursor that INPS takes from a flow."""
    momento = datetime.fromisoformat(flusso["ts_flusso"])
    return round(momento.timestamp() * 1000)


def documento_di(flusso: Mapping[str, str]) -> bytes:
    return base64.b64decode(flusso["flusso"], validate=True)


# The description itself, when its path is given.


def secondo_descrizione(schema: str, valore: Any) -> None:
    """Check a value against a schema of the OpenAPI description in CAPOFILA_SIUSS_OPENAPI."""
    descrizione = _descrizione()
    if descrizione is not None:
        difetti = list(_difetti(descrizione, {"$ref": f"#/components/schemas/{schema}"}, valore))
        assert difetti == []


# What may go wrong before an operation is reached, or at it, and is not said in the description of
# the operation: the general answers of the description, and those of HTTP.
_GENERALI = {401: "401Unauthorized", 404: "404NotFound", 429: "429TooManyRequests",
             503: "503ServiceUnavailable"}  # fmt: skip


def risposta_secondo_descrizione(metodo: str, risorsa: str, risposta: httpx.Response) -> None:
    """Check an answer of an operation against the description: status, type, body, headers."""
    descrizione = _descrizione()
    if descrizione is None:
        return
    operazione = descrizione["paths"][f"/{risorsa}"].get(metodo.lower())
    assert operazione is not None or risposta.status_code == 405
    dette = operazione["responses"] if operazione else {}
    generali = descrizione["components"]["responses"]
    codice = risposta.status_code
    una = dette.get(str(codice)) or generali.get(_GENERALI.get(codice, ""))
    una = una or dette.get("default") or generali["default"]
    while "$ref" in una:
        una = _seguito(descrizione, una["$ref"])
    tipo = risposta.headers.get("content-type", "").split(";")[0]
    contenuti = una.get("content", {})
    if not contenuti:
        assert (tipo, risposta.content) == ("", b"")
    else:
        assert tipo in contenuti, (tipo, codice)
        assert list(_difetti(descrizione, contenuti[tipo]["schema"], risposta.json())) == []
    for nome, intestazione in una.get("headers", {}).items():
        schema = _seguito(descrizione, intestazione["$ref"])["schema"]
        valore = risposta.headers[nome]
        assert re.fullmatch("[0-9]+", valore), (nome, valore)
        assert list(_difetti(descrizione, schema, int(valore), nome)) == []


def _seguito(radice: Any, rif: str) -> Any:
    for passo in rif.removeprefix("#/").split("/"):
        radice = radice[passo]
    return radice


@cache
def _descrizione() -> dict[str, Any] | None:
    import os

    import yaml

    percorso = os.environ.get("CAPOFILA_SIUSS_OPENAPI")
    return yaml.safe_load(Path(percorso).read_text()) if percorso else None


_TIPI: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "integer": int,
}  # fmt: skip


def _difetti(
    radice: Any, schema: Mapping[str, Any], valore: Any, luogo: str = "$"
) -> Iterable[str]:
    """The words of JSON Schema that the description uses; any other raises."""
    if "$ref" in schema:
        yield from _difetti(radice, _seguito(radice, schema["$ref"]), valore, luogo)
        return
    parole = dict(schema)
    for da_non_guardare in ("description", "example", "default", "xml"):
        parole.pop(da_non_guardare, None)
    if not isinstance(valore, _TIPI[parole.pop("type")]):
        yield f"{luogo}: type"
        return
    campi = parole.pop("properties", {})
    if isinstance(valore, dict):
        for nome in parole.pop("required", ()):
            if nome not in valore:
                yield f"{luogo}: without {nome}"
        if parole.pop("additionalProperties", True) is False and set(valore) - set(campi):
            yield f"{luogo}: {sorted(set(valore) - set(campi))}"
        for nome, dentro in valore.items():
            if nome in campi:
                yield from _difetti(radice, campi[nome], dentro, f"{luogo}.{nome}")
    elif isinstance(valore, list):
        if not parole.pop("minItems", 0) <= len(valore) <= parole.pop("maxItems", 10**9):
            yield f"{luogo}: items"
        sotto = parole.pop("items")
        for n, dentro in enumerate(valore):
            yield from _difetti(radice, sotto, dentro, f"{luogo}[{n}]")
    elif isinstance(valore, str):
        if not parole.pop("minLength", 0) <= len(valore) <= parole.pop("maxLength", 10**9):
            yield f"{luogo}: length"
        if "pattern" in parole and not re.search(parole.pop("pattern"), valore):
            yield f"{luogo}: pattern"
        if "enum" in parole and valore not in parole.pop("enum"):
            yield f"{luogo}: enum"
        match parole.pop("format", None):
            case "byte":
                base64.b64decode(valore, validate=True)
            case "date-time":
                assert datetime.fromisoformat(valore).tzinfo is not None
            case "uri":
                assert re.match(r"[a-z]+:", valore)
    elif isinstance(valore, int):
        parole.pop("format", None)
        massimo = float(parole.pop("maximum", 10**30)) - bool(parole.pop("exclusiveMaximum", False))
        if not float(parole.pop("minimum", 0)) <= valore <= massimo:
            yield f"{luogo}: bounds"
    if parole:
        raise AssertionError(f"{luogo}: words not known: {sorted(parole)}")
