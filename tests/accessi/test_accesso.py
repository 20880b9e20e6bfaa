"""Log-in, sessions, waiting after failures, one's own password."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests.accessi.conftest import (
    ARGON_VERO,
    PAROLA,
    Navigatore,
    Persone,
    campo_nascosto,
    nuovo,
    piccola_app,
)

from capofila.accessi import rules, service
from capofila.accessi.service import (
    COOKIE,
    AccessoNegato,
    AccessoSospeso,
    DatiUtenteNonValidi,
    cambia_parola,
    disattiva,
    elimina_scaduti,
    entra,
    esci,
)
from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.impostazioni import Impostazioni

pytestmark = pytest.mark.anyio


async def come_superutente(banca: Any, sql: str, *valori: object) -> list[Any]:
    """What the database really holds, without policies."""
    connessione = await asyncpg.connect(banca.superutente)
    try:
        return list(await connessione.fetch(sql, *valori))
    finally:
        await connessione.close()


async def test_chi_entra_riceve_un_cookie_che_gli_script_non_leggono(naviga: Navigatore) -> None:
    cliente = await naviga()
    risposta = await cliente.post(
        "/accesso", data={"nome_utente": " Rita.Resp ", "password": PAROLA}
    )
    assert (risposta.status_code, risposta.headers["location"]) == (303, "/")
    cookie = risposta.headers["set-cookie"].lower()
    for parte in ("httponly", "samesite=lax", "path=/"):
        assert parte in cookie
    assert "secure" not in cookie
    casa = await cliente.get("/")
    assert (casa.status_code, casa.headers["location"]) == (303, "/crema")


async def test_con_https_il_cookie_viaggia_solo_cifrato(
    naviga: Navigatore, monkeypatch: pytest.MonkeyPatch
) -> None:
    cliente = await naviga()
    monkeypatch.setenv("CAPOFILA_HTTPS", "true")
    service.impostazioni.cache_clear()
    risposta = await cliente.post("/accesso", data={"nome_utente": "rita.resp", "password": PAROLA})
    service.impostazioni.cache_clear()
    assert "secure" in risposta.headers["set-cookie"].lower()


async def test_la_sessione_conservata_non_permette_di_entrare(persone: Persone, banca: Any) -> None:
    token = (await entra("rita.resp", PAROLA, "192.0.2.1")).token
    (riga,) = await come_superutente(banca, "SELECT impronta, utente_id FROM sessione")
    assert riga["impronta"] == hashlib.sha256(token.encode()).hexdigest()
    assert token not in str(riga)
    assert riga["utente_id"] == persone.responsabile


async def test_nome_sconosciuto_parola_errata_e_utente_disattivato_danno_la_stessa_risposta(
    naviga: Navigatore, persone: Persone
) -> None:
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await disattiva(persone.nessuno)
    cliente = await naviga()
    pagine = []
    for nome, parola in (
        ("chi.e", PAROLA),
        ("rita.resp", "sbagliata del tutto"),
        ("nora.ness", PAROLA),
        ("\x00' OR 1=1 --", "x"),
        ("", ""),
    ):
        risposta = await cliente.post("/accesso", data={"nome_utente": nome, "password": parola})
        assert risposta.status_code == 401
        assert COOKIE not in risposta.cookies
        pagine.append(risposta.text.count("Nome utente o password non sono corretti"))
    assert pagine == [1] * 5


async def test_il_nome_sconosciuto_costa_una_verifica_intera(
    persone: Persone, monkeypatch: pytest.MonkeyPatch
) -> None:
    verificate: list[str | None] = []
    vera = service._combacia

    def conta(impronta: str | None, parola: str) -> bool:
        verificate.append(impronta)
        return vera(impronta, parola)

    monkeypatch.setattr(service, "_combacia", conta)
    with pytest.raises(AccessoNegato):
        await entra("chi.e", PAROLA, "192.0.2.1")
    assert verificate == [None]
    assert service._impronta_a_vuoto().startswith("$argon2id$")


async def test_il_rifiuto_resta_scritto(persone: Persone, banca: Any) -> None:
    with pytest.raises(AccessoNegato):
        await entra("rita.resp", "sbagliata del tutto", "192.0.2.1")
    righe = await come_superutente(
        banca, "SELECT azione, oggetto_id FROM registro_piattaforma WHERE azione LIKE 'accesso%'"
    )
    assert [tuple(r) for r in righe] == [("accesso.negato", str(persone.responsabile))]


async def test_a_ogni_accesso_la_sessione_e_nuova_e_la_vecchia_finisce(
    naviga: Navigatore, banca: Any
) -> None:
    cliente = await naviga("rita.resp")
    vecchio = cliente.cookies[COOKIE]
    cliente.cookies.delete(COOKIE)
    risposta = await cliente.post(
        "/accesso",
        data={"nome_utente": "olga.oper", "password": PAROLA},
        headers={"cookie": f"{COOKIE}={vecchio}"},
    )
    nuovo_token = risposta.cookies[COOKIE]
    assert nuovo_token != vecchio
    impronte = [
        r["impronta"] for r in await come_superutente(banca, "SELECT impronta FROM sessione")
    ]
    assert impronte == [hashlib.sha256(nuovo_token.encode()).hexdigest()]


async def test_un_token_scelto_da_altri_non_diventa_una_sessione(naviga: Navigatore) -> None:
    fissato = "A" * 43
    cliente = await naviga()
    risposta = await cliente.post(
        "/accesso",
        data={"nome_utente": "rita.resp", "password": PAROLA},
        headers={"cookie": f"{COOKIE}={fissato}"},
    )
    assert risposta.cookies[COOKIE] != fissato
    cliente.cookies.clear()
    altro = await cliente.get("/profilo", headers={"cookie": f"{COOKIE}={fissato}"})
    assert (altro.status_code, altro.headers["location"]) == (303, "/accesso?poi=/profilo")


async def test_chi_esce_non_rientra_con_lo_stesso_cookie(naviga: Navigatore) -> None:
    cliente = await naviga("rita.resp")
    token = cliente.cookies[COOKIE]
    assert (await cliente.get("/profilo")).status_code == 200
    risposta = await cliente.post("/esci")
    assert (risposta.status_code, risposta.headers["location"]) == (303, "/accesso")
    cliente.cookies.clear()
    dopo = await cliente.get("/profilo", headers={"cookie": f"{COOKIE}={token}"})
    assert dopo.status_code == 303
    assert (await cliente.post("/esci")).status_code == 303


@pytest.mark.parametrize(
    "invecchia",
    [
        "vista_il = now() - interval '121 minutes'",
        "scade_il = now() - interval '1 second'",
    ],
)
async def test_la_sessione_scade(naviga: Navigatore, banca: Any, invecchia: str) -> None:
    cliente = await naviga("rita.resp")
    assert (await cliente.get("/profilo")).status_code == 200
    await come_superutente(banca, f"UPDATE sessione SET {invecchia}")
    assert (await cliente.get("/profilo")).status_code == 303


async def test_la_sessione_dura_quanto_e_impostato(
    persone: Persone, banca: Any, impostazioni_prova: Impostazioni
) -> None:
    await entra("rita.resp", PAROLA, "192.0.2.1")
    (riga,) = await come_superutente(banca, "SELECT scade_il - creata_il AS durata FROM sessione")
    assert riga["durata"] == timedelta(hours=impostazioni_prova.sessione_ore)


async def test_l_uso_prolunga_anche_dalle_pagine_di_sola_lettura(
    naviga: Navigatore, banca: Any
) -> None:
    cliente = await naviga("rita.resp")
    await come_superutente(banca, "UPDATE sessione SET vista_il = now() - interval '90 minutes'")
    assert (await cliente.get("/crema/prestazioni")).status_code == 200
    (riga,) = await come_superutente(
        banca, "SELECT vista_il > now() - interval '1 minute' AS ora FROM sessione"
    )
    assert riga["ora"]


async def test_disattivare_chiude_subito_le_sessioni(
    naviga: Navigatore, persone: Persone, banca: Any
) -> None:
    cliente = await naviga("rita.resp")
    assert (await cliente.get("/profilo")).status_code == 200
    async with unita_di_lavoro(Contesto(amministratore=True)):
        await disattiva(persone.responsabile)
    assert await come_superutente(banca, "SELECT * FROM sessione") == []
    assert (await cliente.get("/profilo")).status_code == 303


async def test_una_sessione_rimasta_a_chi_e_disattivato_non_vale(
    naviga: Navigatore, banca: Any
) -> None:
    cliente = await naviga("rita.resp")
    await come_superutente(banca, "UPDATE utente SET attivo = false")
    assert len(await come_superutente(banca, "SELECT 1 FROM sessione")) == 1
    assert (await cliente.get("/profilo")).status_code == 303


async def test_l_ultimo_amministratore_non_si_disattiva(persone: Persone) -> None:
    async with unita_di_lavoro(Contesto(amministratore=True)):
        with pytest.raises(DatiUtenteNonValidi, match="unico amministratore"):
            await disattiva(persone.amministratore)


async def test_la_pulizia_toglie_solo_cio_che_e_scaduto(persone: Persone, banca: Any) -> None:
    await entra("rita.resp", PAROLA, "192.0.2.1")
    await entra("olga.oper", PAROLA, "192.0.2.1")
    with pytest.raises(AccessoNegato):
        await entra("chi.e", "x", "192.0.2.9")
    await come_superutente(
        banca,
        "UPDATE sessione SET scade_il = now() - interval '1 day' WHERE utente_id = $1",
        persone.operatore,
    )
    assert await elimina_scaduti() == (1, 0)
    await come_superutente(
        banca, "UPDATE tentativo_accesso SET dal = now() - interval '16 minutes'"
    )
    sessioni, tentativi = await elimina_scaduti()
    assert sessioni == 0
    assert tentativi >= 2
    righe = await come_superutente(banca, "SELECT utente_id FROM sessione")
    assert [r["utente_id"] for r in righe] == [persone.responsabile]


# Waiting.


async def test_dopo_cinque_errori_si_aspetta_anche_con_la_parola_giusta(
    persone: Persone, banca: Any
) -> None:
    for _ in range(rules.SOGLIA_NOME):
        with pytest.raises(AccessoNegato):
            await entra("rita.resp", "sbagliata del tutto", "192.0.2.1")
    with pytest.raises(AccessoSospeso) as sospeso:
        await entra("rita.resp", PAROLA, "192.0.2.2")
    assert 50 <= sospeso.value.attesa <= 60
    # Somebody else is not kept waiting.
    await entra("olga.oper", PAROLA, "192.0.2.1")
    righe = await come_superutente(
        banca, "SELECT 1 FROM registro_piattaforma WHERE azione = 'accesso.sospeso'"
    )
    assert len(righe) == 1


async def test_passata_l_attesa_si_riprova_e_il_successo_azzera(
    persone: Persone, banca: Any
) -> None:
    for _ in range(rules.SOGLIA_NOME):
        with pytest.raises(AccessoNegato):
            await entra("rita.resp", "sbagliata del tutto", "192.0.2.1")
    await come_superutente(
        banca, "UPDATE tentativo_accesso SET bloccato_fino = now() WHERE tentativi >= 5"
    )
    await entra("rita.resp", PAROLA, "192.0.2.1")
    with pytest.raises(AccessoNegato):
        await entra("rita.resp", "sbagliata del tutto", "192.0.2.1")
    await entra("rita.resp", PAROLA, "192.0.2.1")


async def test_da_un_indirizzo_solo_venti_tentativi(
    persone: Persone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_combacia", lambda *_: False)
    for numero in range(rules.SOGLIA_INDIRIZZO):
        with pytest.raises(AccessoNegato):
            await entra(f"nome{numero}", "x", "2001:db8:1:2::7")
    monkeypatch.undo()
    # The same customer, another address of the same network.
    with pytest.raises(AccessoSospeso):
        await entra("rita.resp", PAROLA, "2001:db8:1:2:ffff::1")
    await entra("rita.resp", PAROLA, "2001:db8:1:3::1")


async def test_un_proprio_utente_non_apre_la_strada_agli_altri(
    persone: Persone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_combacia", lambda *_: False)
    for numero in range(rules.SOGLIA_INDIRIZZO - 1):
        with pytest.raises(AccessoNegato):
            await entra(f"nome{numero}", "x", "192.0.2.7")
    monkeypatch.undo()
    await entra("rita.resp", PAROLA, "192.0.2.7")
    with pytest.raises(AccessoNegato):
        await entra("nome99", "x", "192.0.2.7")
    with pytest.raises(AccessoSospeso):
        await entra("nome98", "x", "192.0.2.7")


async def test_tentativi_insieme_contano_tutti(
    persone: Persone, monkeypatch: pytest.MonkeyPatch
) -> None:
    verificati = 0

    def conta(*_: object) -> bool:
        nonlocal verificati
        verificati += 1
        return False

    monkeypatch.setattr(service, "_combacia", conta)
    esiti = await asyncio.gather(
        *(entra("rita.resp", "x", f"192.0.2.{n}") for n in range(20)), return_exceptions=True
    )
    assert verificati == rules.SOGLIA_NOME
    assert sum(isinstance(e, AccessoSospeso) for e in esiti) == 20 - rules.SOGLIA_NOME


ALTRO_PROCESSO = """
import asyncio, sys
from capofila.accessi import service
from capofila.base.database import MOTORE
from capofila.base.impostazioni import impostazioni

async def prova():
    await MOTORE.apri({"app": impostazioni().database_url}, massimo=2)
    esiti = []
    for _ in range(int(sys.argv[1])):
        try:
            await service.entra("rita.resp", "sbagliata del tutto", "192.0.2.1")
        except Exception as errore:
            esiti.append(type(errore).__name__)
    await MOTORE.chiudi()
    print(",".join(esiti))

asyncio.run(prova())
"""


async def test_i_processi_contano_insieme(persone: Persone) -> None:
    """Neither process alone makes five tries."""

    def altrove(quanti: int) -> list[str]:
        esito = subprocess.run(
            [sys.executable, "-c", ALTRO_PROCESSO, str(quanti)],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return esito.stdout.strip().split(",")

    primo, secondo = await asyncio.gather(
        asyncio.to_thread(altrove, 4), asyncio.to_thread(altrove, 4)
    )
    esiti = sorted(primo + secondo)
    assert esiti == ["AccessoNegato"] * 5 + ["AccessoSospeso"] * 3


async def test_la_pagina_dice_quanto_aspettare(
    naviga: Navigatore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_combacia", lambda *_: False)
    cliente = await naviga()
    for _ in range(rules.SOGLIA_NOME):
        await cliente.post("/accesso", data={"nome_utente": "rita.resp", "password": "x"})
    risposta = await cliente.post("/accesso", data={"nome_utente": "rita.resp", "password": "x"})
    assert risposta.status_code == 429
    assert 50 <= int(risposta.headers["retry-after"]) <= 60
    assert "Troppi tentativi" in risposta.text


async def test_nessun_nome_e_nessun_indirizzo_in_chiaro(persone: Persone, banca: Any) -> None:
    with pytest.raises(AccessoNegato):
        await entra("rita.resp", "sbagliata del tutto", "192.0.2.77")
    tutto = json.dumps(
        [
            dict(r)
            for tabella in ("tentativo_accesso", "registro_piattaforma")
            for r in await come_superutente(banca, f"SELECT to_jsonb(t) AS j FROM {tabella} t")
        ]
    )
    assert "rita" not in tutto
    assert "192.0.2" not in tutto
    # Not a bare digest either: it could be looked up.
    for chiaro in ("rita.resp", "nome:rita.resp", "192.0.2.77", "indirizzo:192.0.2.77"):
        assert hashlib.sha256(chiaro.encode()).hexdigest() not in tutto


# Passwords.


async def test_l_impronta_e_argon2id_e_si_rinnova_quando_i_parametri_cambiano(
    persone: Persone, banca: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def impronta() -> str:
        (riga,) = await come_superutente(
            banca, "SELECT impronta FROM credenziale WHERE utente_id = $1", persone.responsabile
        )
        return str(riga["impronta"])

    assert ",t=1," in await impronta()
    monkeypatch.setattr(service, "_ARGON", ARGON_VERO)
    await entra("rita.resp", PAROLA, "192.0.2.1")
    assert (await impronta()).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    rinnovata = await impronta()
    await entra("rita.resp", PAROLA, "192.0.2.1")
    assert await impronta() == rinnovata


async def test_l_impronta_non_la_vedono_ne_i_colleghi_ne_chi_amministra(persone: Persone) -> None:
    async def viste(contesto: Contesto) -> set[int]:
        async with unita_di_lavoro(contesto, sola_lettura=True) as unita:
            return {r["utente_id"] for r in await unita.righe("SELECT utente_id FROM credenziale")}

    async with unita_di_lavoro(Contesto(), sola_lettura=True) as unita:
        ambito = await unita.valore("SELECT id FROM ambito WHERE slug = 'crema'")
    assert await viste(Contesto()) == set()
    assert await viste(Contesto(ambito=ambito)) == set()
    assert await viste(Contesto(amministratore=True)) == set()
    assert await viste(Contesto(accesso="rita.resp")) == {persone.responsabile}
    nostra = Contesto(ambito=ambito, utente=persone.operatore)
    assert await viste(nostra) == {persone.operatore}
    async with unita_di_lavoro(nostra, sola_lettura=True) as unita:
        colleghi = await unita.valore("SELECT count(*) FROM utente")
    assert colleghi > 1
    async with unita_di_lavoro(nostra) as unita:
        tag = await unita.esegui(
            "UPDATE credenziale SET impronta = 'x' WHERE utente_id = $1", persone.responsabile
        )
    assert tag == "UPDATE 0"


async def test_cambiare_la_parola_chiude_le_altre_sessioni(
    naviga: Navigatore, persone: Persone, banca: Any
) -> None:
    altrove = await naviga("rita.resp")
    cliente = await naviga("rita.resp")
    nuova = "un cavallo verde e lento"
    risposta = await cliente.post(
        "/profilo", data={"attuale": PAROLA, "nuova": nuova, "ripeti": nuova}
    )
    assert (risposta.status_code, risposta.headers["location"]) == (303, "/profilo")
    pagina = await cliente.get("/profilo")
    assert pagina.status_code == 200
    assert "La password è cambiata" in pagina.text
    assert "La password è cambiata" not in (await cliente.get("/profilo")).text
    assert (await altrove.get("/profilo")).status_code == 303
    with pytest.raises(AccessoNegato):
        await entra("rita.resp", PAROLA, "192.0.2.1")
    await entra("rita.resp", nuova, "192.0.2.1")


async def test_l_amministratore_cambia_la_propria_parola(persone: Persone) -> None:
    nuova = "un cavallo verde e lento"
    await cambia_parola(persone.amministratore, PAROLA, nuova, "192.0.2.1")
    await entra("anna.ammi", nuova, "192.0.2.1")


@pytest.mark.parametrize(
    ("modulo", "campo", "parole"),
    [
        ({"attuale": "sbagliata"}, "attuale", "attuale non è corretta"),
        ({"nuova": "corta", "ripeti": "corta"}, "nuova", "almeno 12 caratteri"),
        ({"nuova": PAROLA, "ripeti": PAROLA}, "nuova", "uguale a quella attuale"),
        ({"ripeti": "un cavallo rosso e lento"}, "ripeti", "non sono uguali"),
    ],
)
async def test_la_parola_rifiutata_dice_perche_e_non_cambia(
    naviga: Navigatore, modulo: dict[str, str], campo: str, parole: str
) -> None:
    buono = {
        "attuale": PAROLA,
        "nuova": "un cavallo verde e lento",
        "ripeti": "un cavallo verde e lento",
    }
    cliente = await naviga("rita.resp")
    risposta = await cliente.post("/profilo", data=buono | modulo)
    assert risposta.status_code == 422
    assert parole in risposta.text
    assert f'id="campo-{campo}-errore"' in risposta.text
    assert (await cliente.get("/profilo")).status_code == 200
    await entra("rita.resp", PAROLA, "192.0.2.1")


async def test_indovinare_la_parola_dal_profilo_fa_aspettare(
    persone: Persone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_combacia", lambda *_: False)
    for _ in range(rules.SOGLIA_NOME):
        with pytest.raises(DatiUtenteNonValidi):
            await cambia_parola(persone.responsabile, "x", "un cavallo verde e lento", "192.0.2.1")
    with pytest.raises(AccessoSospeso):
        await cambia_parola(persone.responsabile, "x", "un cavallo verde e lento", "192.0.2.1")


async def test_nessuna_parola_predefinita(motore: Any, banca: Any) -> None:
    """A new installation has no account, and none is made without a good password."""
    assert await come_superutente(banca, "SELECT * FROM utente") == []
    (colonna,) = await come_superutente(
        banca,
        "SELECT column_default, is_nullable FROM information_schema.columns"
        " WHERE table_name = 'credenziale' AND column_name = 'impronta'",
    )
    assert tuple(colonna) == (None, "NO")
    for parola in ("", "admin", "password", "capofila2026!", "demo"):
        async with unita_di_lavoro(Contesto(amministratore=True)):
            with pytest.raises(DatiUtenteNonValidi) as errore:
                await service.aggiungi_utente("prima.persona", "Prima", parola, "amministratore")
        assert set(errore.value.campi) == {"parola"}
    assert await come_superutente(banca, "SELECT * FROM utente") == []


# Forms.


async def test_senza_gettone_il_modulo_e_rifiutato(naviga: Navigatore, banca: Any) -> None:
    cliente = await naviga(app=piccola_app(csrf=True))
    credenziali = {"nome_utente": "rita.resp", "password": PAROLA}
    assert (await cliente.post("/accesso", data=credenziali)).status_code == 403
    pagina = await cliente.get("/accesso")
    gettone = campo_nascosto(pagina.text, "_csrf_token")
    falso = gettone[:-1] + ("0" if gettone[-1] != "0" else "1")
    rifiutata = await cliente.post("/accesso", data=credenziali | {"_csrf_token": falso})
    assert rifiutata.status_code == 403
    assert await come_superutente(banca, "SELECT * FROM sessione") == []
    accolta = await cliente.post("/accesso", data=credenziali | {"_csrf_token": gettone})
    assert accolta.status_code == 303
    # A page of another site has the cookies sent along, and not the token.
    assert (await cliente.post("/esci")).status_code == 403
    assert (await cliente.get("/profilo")).status_code == 200


@pytest.mark.parametrize(
    "poi",
    [
        "https://altrove.example/",
        "//altrove.example/",
        "/\\altrove.example",
        "javascript:alert(1)",
        "/%0d%0aLocation:%20https://altrove.example",
        "/\r\nSet-Cookie: a=b",
    ],
)
async def test_dopo_l_accesso_si_resta_in_questo_sito(naviga: Navigatore, poi: str) -> None:
    cliente = await naviga()
    pagina = await cliente.get("/accesso", params={"poi": poi})
    assert "altrove.example" not in pagina.text or "/%0" in poi
    risposta = await cliente.post(
        "/accesso", data={"nome_utente": "rita.resp", "password": PAROLA, "avanti": poi}
    )
    assert risposta.status_code == 303
    meta = risposta.headers["location"]
    assert meta == "/" or meta.startswith("/%0")
    assert "a=b" not in str(risposta.headers.raw)


async def test_si_torna_alla_pagina_che_si_voleva_senza_la_ricerca(naviga: Navigatore) -> None:
    cliente = await naviga()
    risposta = await cliente.get("/crema/prestazioni?persona=ROSSI")
    assert risposta.headers["location"] == "/accesso?poi=/crema/prestazioni"
    pagina = await cliente.get(risposta.headers["location"])
    assert campo_nascosto(pagina.text, "avanti") == "/crema/prestazioni"


async def test_due_persone_con_lo_stesso_nome_utente_no(persone: Persone) -> None:
    with pytest.raises(DatiUtenteNonValidi) as errore:
        await nuovo("rita.resp", None)
    assert set(errore.value.campi) == {"nome_accesso"}


async def test_uscire_non_tocca_le_sessioni_altrui(persone: Persone, banca: Any) -> None:
    token = (await entra("rita.resp", PAROLA, "192.0.2.1")).token
    await entra("olga.oper", PAROLA, "192.0.2.1")
    await esci(token)
    await esci("non un token")
    await esci(None)
    righe = await come_superutente(banca, "SELECT utente_id FROM sessione")
    assert [r["utente_id"] for r in righe] == [persone.operatore]
