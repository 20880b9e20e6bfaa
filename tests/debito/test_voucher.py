"""Each fault of a voucher, by name, and the key set behind it."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.debito.pdnd_casi import (
    AUDIENCE,
    EMITTENTE,
    chiave,
    dichiarazioni,
    grezzo,
    jwk,
    scrivi_chiavi,
    voucher,
)

from capofila.base.errori import ServizioNonDisponibile
from capofila.debito.voucher import (
    Chiavi,
    Voucher,
    VoucherRifiutato,
    chiavi_da,
    controlla,
    dalla_intestazione,
    firmato,
    impronta_uso,
)


@pytest.fixture
def chiavi(tmp_path: Path) -> Any:
    return Chiavi(str(scrivi_chiavi(tmp_path / "jwks.json"))).adesso()


def prova(token: str, chiavi: Any, **altro: Any) -> Voucher:
    valori = {
        "emittente": EMITTENTE, "audience": AUDIENCE["D142"], "eta_massima": 3600.0,
        "adesso": time.time(), **altro,
    }  # fmt: skip
    return controlla(firmato(token, chiavi), **valori)


@pytest.mark.parametrize(
    ("alg", "kid"), [("RS256", "buona"), ("PS256", "pss"), ("ES256", "ellittica")]
)
def test_un_voucher_buono_passa_con_ogni_algoritmo_ammesso(alg: str, kid: str, chiavi: Any) -> None:
    token = voucher(alg=alg, kid=kid, jti="uno")
    buono = prova(token, chiavi)
    assert buono.jti == "uno"
    assert time.time() + 600 < buono.scade < time.time() + 660


def test_l_audience_puo_essere_un_elenco_di_una_sola(chiavi: Any) -> None:
    prova(voucher(aud=[AUDIENCE["D142"]]), chiavi)


def _pem() -> bytes:
    pubblica = chiave("buona").public_key()
    pem: bytes = pubblica.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def _hs256_con_la_chiave_pubblica() -> str:
    """The classic: the public key, that everybody has, as the secret of an HMAC."""
    import base64
    import hashlib
    import hmac

    senza = grezzo({"alg": "HS256", "typ": "at+jwt", "kid": "buona"}, dichiarazioni())
    firma = hmac.new(_pem(), senza.rstrip(".").encode(), hashlib.sha256).digest()
    return senza + base64.urlsafe_b64encode(firma).rstrip(b"=").decode()


def _manomesso() -> str:
    testata, _, firma = voucher().split(".")
    altro = grezzo({}, dichiarazioni(exp=int(time.time()) + 3000)).split(".")[1]
    return f"{testata}.{altro}.{firma}"


def _firma_guasta() -> str:
    corpo, firma = voucher().rsplit(".", 1)
    return f"{corpo}.{'A' if firma[0] != 'A' else 'B'}{firma[1:]}"


ORA = int(time.time())


def _a_mano(alg: str, **testata: Any) -> str:
    """Good claims under a hand-made head and a signature of no worth."""
    tutta = {"alg": alg, "typ": "at+jwt", "kid": "buona", **testata}
    return grezzo(tutta, dichiarazioni(), b"\0")


def _con_testata(firmatario: str = "buona", **testata: Any) -> str:
    """A true signature under another head; None takes a name away."""
    tutta = {"typ": "at+jwt", "kid": "buona"} | testata
    presente = {nome: valore for nome, valore in tutta.items() if valore is not None}
    return jwt.encode(dichiarazioni(), chiave(firmatario), "RS256", headers=presente)


def _di_ieri() -> str:
    return voucher(iat=ORA - 7200, nbf=ORA - 7200, exp=ORA + 7200)


GUASTI: dict[str, tuple[Any, str]] = {
    "alg none": (lambda: _a_mano("none"), "algoritmo"),
    "alg nOnE": (lambda: _a_mano("nOnE"), "algoritmo"),
    "HS256 con la chiave pubblica": (_hs256_con_la_chiave_pubblica, "algoritmo"),
    "RS512 con la chiave giusta": (lambda: voucher(alg="RS512"), "algoritmo"),
    "PS256 con una chiave per RS256": (lambda: voucher(alg="PS256"), "algoritmo"),
    "RS256 con la chiave di ES256": (
        lambda: voucher(kid="ellittica", firmatario=chiave("buona")), "algoritmo"),
    "chiave sbagliata": (lambda: voucher(firmatario=chiave("altra")), "firma"),
    "kid sconosciuto": (lambda: voucher(kid="altra"), "chiave_sconosciuta"),
    "senza kid": (lambda: _con_testata(kid=None), "chiave_sconosciuta"),
    "chiave nella testata": (
        lambda: _con_testata("altra", kid="altra", jwk=jwk("altra")), "chiave_sconosciuta"),
    "kid noto e chiave nella testata": (
        lambda: _con_testata("altra", jwk=jwk("altra")), "firma"),
    "typ JWT": (lambda: voucher(typ="JWT"), "tipo"),
    "senza typ": (lambda: _con_testata(typ=""), "tipo"),
    "estensione critica": (lambda: _con_testata(crit=["exp"]), "illeggibile"),
    "contenuto fuori dal token": (lambda: _a_mano("RS256", b64=False, crit=["b64"]), "illeggibile"),
    "manomesso": (_manomesso, "firma"),
    "firma guasta": (_firma_guasta, "firma"),
    "firma vuota": (lambda: voucher().rsplit(".", 1)[0] + ".AA", "firma"),
    "di un altro e-service": (lambda: voucher("G306"), "audience"),
    "senza aud": (lambda: voucher(aud=None), "contenuto"),
    "aud di due": (lambda: voucher(aud=[AUDIENCE["D142"], "https://altro.example"]), "audience"),
    "aud che comincia uguale": (lambda: voucher(aud=AUDIENCE["D142"] + "/"), "audience"),
    "di un altro emittente": (lambda: voucher(iss="interop.pagopa.it.example"), "emittente"),
    "senza iss": (lambda: voucher(iss=None), "contenuto"),
    "scaduto": (lambda: voucher(iat=ORA - 900, nbf=ORA - 900, exp=ORA - 60), "scaduto"),
    "senza scadenza": (lambda: voucher(exp=None), "contenuto"),
    "non ancora valido": (lambda: voucher(nbf=ORA + 300), "non_ancora_valido"),
    "emesso nel futuro": (lambda: voucher(iat=ORA + 300), "non_ancora_valido"),
    "senza nbf": (lambda: voucher(nbf=None), "contenuto"),
    "senza iat": (lambda: voucher(iat=None), "contenuto"),
    "troppo vecchio": (_di_ieri, "troppo_vecchio"),
    "senza jti": (lambda: voucher(jti=None), "contenuto"),
    "jti vuoto": (lambda: voucher(jti=""), "senza_numero"),
    "jti smisurato": (lambda: voucher(jti="x" * 201), "senza_numero"),
    "non è un JWT": (lambda: "a.b.c", "illeggibile"),
}  # fmt: skip


@pytest.mark.parametrize("guasto", GUASTI)
def test_ogni_guasto_e_rifiutato_e_si_sa_perche(guasto: str, chiavi: Any) -> None:
    fai, motivo = GUASTI[guasto]
    with pytest.raises(VoucherRifiutato) as rifiuto:
        prova(fai(), chiavi)
    assert rifiuto.value.motivo == motivo


def test_un_contenuto_firmato_che_non_e_di_un_voucher_e_rifiutato(chiavi: Any) -> None:
    firma = jwt.PyJWS()
    for contenuto in (b"[]", b"{", b'{"exp": true}', b"\xff", b'{"iss": 1}'):
        token = firma.encode(
            contenuto, chiave(), "RS256", headers={"typ": "at+jwt", "kid": "buona"}
        )
        with pytest.raises(VoucherRifiutato, match="contenuto"):
            prova(token, chiavi)


def test_due_orologi_possono_differire_di_mezzo_minuto(chiavi: Any) -> None:
    token = voucher(iat=ORA, nbf=ORA, exp=ORA + 60)
    for adesso, passa in ((ORA - 31, False), (ORA - 29, True), (ORA + 89, True), (ORA + 91, False)):
        if passa:
            prova(token, chiavi, adesso=adesso)
        else:
            with pytest.raises(VoucherRifiutato):
                prova(token, chiavi, adesso=adesso)


def test_chi_puo_chiamare_si_puo_restringere_a_un_fruitore(chiavi: Any) -> None:
    prova(voucher(consumerId="inps"), chiavi, fruitore="inps")
    for altro in ({"consumerId": "un altro"}, {}):
        with pytest.raises(VoucherRifiutato, match="fruitore"):
            prova(voucher(**altro), chiavi, fruitore="inps")


@pytest.mark.parametrize(
    "intestazione",
    [None, "", "Bearer", "Bearer ", "Basic YTpi", "a.b.c", "Bearer a.b", "Bearer a.b.c.d",
     "Bearer a.b.c ", "Bearer  a.b.c", "Bearer a.b.ç", "Bearer " + "a" * 9000 + ".b.c"],
)  # fmt: skip
def test_un_intestazione_senza_voucher_e_rifiutata(intestazione: str | None) -> None:
    with pytest.raises(VoucherRifiutato):
        dalla_intestazione(intestazione)


def test_l_uso_si_ricorda_per_la_richiesta_intera() -> None:
    uno, due = Voucher("uno", 1.0), Voucher("due", 1.0)
    richieste = [
        (b"GET", b"flussi", b"D142", b"since=0", b""),
        (b"GET", b"flussi", b"D142", b"since=1", b""),
        (b"GET", b"flussi", b"G306", b"since=0", b""),
        (b"POST", b"esiti", b"D142", b"", b"{}"),
        (b"POST", b"esiti", b"D142", b"", b"{ }"),
        # What moves from one piece to the next is another request.
        (b"GET", b"flussiD", b"142", b"since=0", b""),
    ]
    impronte = {impronta_uso(v, r) for v in (uno, due) for r in richieste}
    assert len(impronte) == 12
    assert impronta_uso(uno, richieste[0]) == impronta_uso(Voucher("uno", 9.0), richieste[0])
    assert len({impronta_uso(uno, None), impronta_uso(due, None)} | impronte) == 14


# The key set.


def test_si_prendono_solo_le_chiavi_che_possono_firmare() -> None:
    corta = jwt.algorithms.RSAAlgorithm.to_jwk(
        rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key(), as_dict=True
    )
    insieme = [
        jwk("buona"), jwk("cifra", use="enc"), jwk("sha512", alg="RS512"), {**corta, "kid": "corta"},
        {"kty": "oct", "k": "c2VncmV0bw", "kid": "segreto", "alg": "HS256"}, {"kid": "vuota"},
        {k: v for k, v in jwk("senza").items() if k != "kid"}, jwk("ellittica", "EC"),
        {**jwk("rotta"), "n": "!"},
    ]  # fmt: skip
    assert set(chiavi_da(json.dumps({"keys": insieme}).encode())) == {"buona", "ellittica"}


@pytest.mark.parametrize(
    "contenuto",
    [b"", b"[]", b"{}", b'{"keys": 1}', b'{"keys": ["x"]}', b'{"keys": []}',
     json.dumps({"keys": [jwk("buona"), jwk("buona")]}).encode()],
    ids=["vuoto", "elenco", "oggetto", "numero", "testo", "nessuna", "doppia"],
)  # fmt: skip
def test_un_insieme_di_chiavi_guasto_e_rifiutato_intero(contenuto: bytes) -> None:
    with pytest.raises(ValueError, match=r"not a JWKS|two keys|no key"):
        chiavi_da(contenuto)


def test_il_file_delle_chiavi_si_rilegge_quando_cambia(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "jwks.json"
    chiavi = Chiavi(str(file))
    with pytest.raises(ServizioNonDisponibile):
        chiavi.adesso()
    scrivi_chiavi(file, jwk("vecchia"))
    assert set(chiavi.adesso()) == {"vecchia"}
    letto = chiavi.adesso()
    assert chiavi.adesso() is letto
    nuovo = scrivi_chiavi(tmp_path / "nuovo.json", jwk("vecchia"), jwk("nuova"))
    os.replace(nuovo, file)
    assert set(chiavi.adesso()) == {"vecchia", "nuova"}
    # A file half written, or gone, leaves the keys that were there; the log says it once.
    caplog.clear()
    with caplog.at_level(logging.ERROR):
        file.write_text("{")
        assert set(chiavi.adesso()) == set(chiavi.adesso()) == {"vecchia", "nuova"}
    assert len(caplog.records) == 1
    file.unlink()
    assert set(chiavi.adesso()) == {"vecchia", "nuova"}
    scrivi_chiavi(file, jwk("nuova"))
    assert set(chiavi.adesso()) == {"nuova"}
