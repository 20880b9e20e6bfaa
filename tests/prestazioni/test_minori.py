"""Records of minors: the codice fiscale comes in, a pseudonym stays, and nobody reads it back idly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest
from tests.conftest import Banca
from tests.prestazioni.casi import (
    ANNO_MINORI as ANNO,
)
from tests.prestazioni.casi import (
    codice_fiscale,
    contesto,
    csv_di,
    flussi,
    interroga,
    minore,
    porta,
    prova,
)
from tests.prestazioni.flussi_di_prova import SINBA

from capofila.base.database import UnitaDiLavoro, unita_di_lavoro
from capofila.base.errori import Conflitto, NonTrovato
from capofila.hooks.campi import sembra_codice_fiscale
from capofila.prestazioni import minori, schede
from capofila.prestazioni.service import (
    EsitoImportazione,
    flusso_minori,
    riferimenti_dell_ambito,
    versione_in_vigore,
)
from capofila.prestazioni.versioni import Salvataggio

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]


async def salva(
    unita: UnitaDiLavoro, valori: Mapping[str, str], comune: str | None = None, **altro: Any
) -> Salvataggio:
    """Save a form, as the page does."""
    flusso = flusso_minori(await flussi())
    assert flusso is not None
    return await minori.salva(
        flusso, valori, await riferimenti_dell_ambito(unita, comune),
        await versione_in_vigore(unita, flusso), **altro,
    )  # fmt: skip


def errori(esito: EsitoImportazione | Salvataggio) -> list[tuple[int, str, str]]:
    return [(e.riga, e.colonna, e.codice) for e in esito.errori]


async def id_di(unita: UnitaDiLavoro) -> list[str]:
    righe = await unita.righe("SELECT id_beneficiario FROM scheda_sinba ORDER BY id")
    return [riga["id_beneficiario"] for riga in righe]


# --- pseudonyms ---------------------------------------------------------------------------------


async def test_uno_pseudonimo_e_a_caso_e_non_somiglia_a_un_codice_fiscale() -> None:
    fatti = {schede.nuovo_pseudonimo() for _ in range(2000)}
    assert len(fatti) == 2000
    for uno in fatti:
        assert len(uno) == 15
        assert not sembra_codice_fiscale(uno)
    # Each place takes every letter: none of them is given by something else.
    assert all(len({uno[n] for uno in fatti}) == 32 for n in range(15))


async def test_un_foglio_dei_minori_entra_per_codice_fiscale_e_lo_lascia_fuori(
    ambiti: Banca,
) -> None:
    async with prova() as unita:
        esito = await porta(csv_di(minore(1), minore(2, luogo_vita="2")), "minori.csv")
        assert errori(esito) == []
        assert (esito.flusso, esito.righe, esito.importate) == ("siuss-sinba", 2, 2)
        salvate = await unita.righe(
            "SELECT s::text AS testo, dati, anno, id_beneficiario, forma_riga FROM scheda_sinba s"
        )
        for riga in salvate:
            assert codice_fiscale(1) not in riga["testo"]
            assert codice_fiscale(2) not in riga["testo"]
            assert (riga["anno"], riga["forma_riga"]) == (ANNO, None)
        assert len({riga["id_beneficiario"] for riga in salvate}) == 2


async def test_lo_stesso_minore_ha_sempre_lo_stesso_id_e_in_un_altro_ambito_un_altro() -> None:
    async with prova() as unita:
        await porta(csv_di(minore(1)), "primo.csv")
        await porta(csv_di(minore(1, anno="2024"), minore(2)), "secondo.csv")
        nuova = await salva(unita, minore(1, anno="2023"))
        assert nuova.errori == []
        uno, due, tre, quattro = await id_di(unita)
        assert uno == due == quattro != tre
    async with prova("cremona") as unita:
        await porta(csv_di(minore(1, comune_titolare="D150")), "primo.csv")
        assert await id_di(unita) != [uno]


async def test_due_importazioni_insieme_danno_allo_stesso_minore_un_solo_id(ambiti: Banca) -> None:
    async def una(n: int) -> None:
        righe = [minore(m, anno=str(2000 + n)) for m in range(40, 60)]
        async with unita_di_lavoro(await contesto("casalmaggiore")):
            esito = await porta(
                csv_di(*(r | {"comune_titolare": "B898"} for r in righe[:: 1 if n % 2 else -1])),
                f"{n}.csv",
            )
            assert errori(esito) == []

    await asyncio.gather(*(una(n) for n in range(4)))
    righe = await interroga(
        ambiti.superutente,
        "SELECT p.codice_fiscale, count(DISTINCT s.id_beneficiario) AS id, count(*) AS schede "
        "FROM pseudonimo p JOIN scheda_sinba s USING (ambito_id, id_beneficiario) "
        "JOIN ambito a ON a.id = p.ambito_id WHERE a.slug = 'casalmaggiore' GROUP BY 1",
    )
    assert len(righe) == 20
    assert {(r["id"], r["schede"]) for r in righe} == {(1, 4)}


async def test_lo_pseudonimo_che_inps_conosce_gia_si_puo_tenere() -> None:
    async with prova() as unita:
        await porta(SINBA, "minori.xml")
        esito = await porta(csv_di(minore(1, id_beneficiario="M-0001", anno="2026")), "uno.csv")
        assert errori(esito) == []
        assert (await salva(unita, minore(1, anno="2024"))).errori == []
        assert await id_di(unita) == ["M-0002", "M-0001", "M-0001", "M-0001"]
        assert await schede.persona_di((await _ultima(unita))["id_beneficiario"]) == codice_fiscale(
            1
        )
        # Of somebody else, or another one for the same person: neither.
        altro = await porta(csv_di(minore(2, id_beneficiario="M-0001", anno="2026")), "due.csv")
        assert errori(altro) == [(2, "id_beneficiario", "pseudonimo_di_altri")]
        diverso = await porta(csv_di(minore(1, id_beneficiario="M-9", anno="2022")), "tre.csv")
        assert errori(diverso) == [(2, "id_beneficiario", "pseudonimo_diverso")]
        assert all(codice_fiscale(1) not in e.valore for e in (*altro.errori, *diverso.errori))


async def _ultima(unita: UnitaDiLavoro) -> dict[str, Any]:
    return await minori.leggi(await unita.valore("SELECT max(id) FROM scheda_sinba"))


async def test_chi_e_si_chiede_una_scheda_alla_volta_e_resta_nel_registro() -> None:
    async with prova() as unita:
        await porta(csv_di(minore(1), minore(2, comune_titolare="G306")), "m.csv")
        uno, due = await id_di(unita)
        assert await schede.persona_di(uno) == codice_fiscale(1)
        assert await schede.persona_di("M-0001") is None
        letture = await unita.righe(
            "SELECT oggetto, oggetto_id, dettagli::text FROM registro WHERE azione = 'minori.persona'"
        )
        assert [tuple(r) for r in letture] == [("pseudonimo", uno, "{}")]
        tutto = await unita.righe("SELECT r::text AS testo FROM registro r")
        assert not any(codice_fiscale(n) in r["testo"] for r in tutto for n in (1, 2))
        # For whoever works for one comune the minors of the others have no name.
        await unita.esegui("SELECT set_config('capofila.comune', 'G306', true)")
        assert await schede.persona_di(uno) is None
        assert await schede.persona_di(due) == codice_fiscale(2)
    async with prova("cremona"):
        assert await schede.persona_di(uno) is None
        assert await schede.pseudonimo_di(codice_fiscale(1)) is None


async def test_una_prova_e_un_file_con_errori_non_lasciano_pseudonimi(ambiti: Banca) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        assert (await porta(csv_di(minore(70)), "a.csv", prova=True)).stato == "prova"
        esito = await porta(csv_di(minore(71), minore(72, luogo_vita="99")), "b.csv")
        assert errori(esito) == [(3, "luogo_vita", "codice_sconosciuto")]
    righe = await interroga(
        ambiti.superutente,
        "SELECT 1 FROM pseudonimo WHERE codice_fiscale = ANY($1)",
        [codice_fiscale(n) for n in (70, 71, 72)],
    )
    assert righe == []


async def test_un_codice_fiscale_non_entra_nemmeno_per_sbaglio() -> None:
    async with prova() as unita:
        riga = minore(1) | {"codice_fiscale": "", "id_beneficiario": codice_fiscale(1)}
        assert errori(await porta(csv_di(riga), "m.csv")) == [
            (2, "id_beneficiario", "sinba-id-codice-fiscale")
        ]
        senza = minore(1) | {"codice_fiscale": ""}
        assert errori(await porta(csv_di(senza), "n.csv")) == [(2, "codice_fiscale", "sinba-chi")]
        for nome, valore in (
            ("id_beneficiario", codice_fiscale(1)),
            ("dati", '{"codice_fiscale":1}'),
        ):
            with pytest.raises(asyncpg.CheckViolationError, match="senza_codice_fiscale"):
                async with unita.punto_di_ritorno():
                    await unita.esegui(
                        "INSERT INTO scheda_sinba (lotto_id, riga, anno, ente_erogatore_id, "
                        "comune_titolare, conforme_a, id_beneficiario, dati) SELECT l.id, 1, 2025, "
                        "e.id, 'D142', 1, coalesce($1, 'x'), coalesce($2::jsonb, '{}') "
                        "FROM lotto l, ente e WHERE e.codice = 'D142' LIMIT 1",
                        valore if nome == "id_beneficiario" else None,
                        valore if nome == "dati" else None,
                    )


# --- rows ---------------------------------------------------------------------------------------


async def test_righe_doppie_comuni_e_enti_di_fuori_si_dicono_riga_per_riga() -> None:
    async with prova() as unita:
        esito = await porta(
            csv_di(
                minore(1), minore(1), minore(2, comune_titolare="D150", ente_erogatore="D142"),
                minore(3, ente_erogatore="Nessuno"), minore(4),
            ),
            "m.csv", solo_valide=True,
        )  # fmt: skip
        assert errori(esito) == [
            (3, "codice_fiscale", "duplicato"),
            (4, "comune_titolare", "comune_fuori_ambito"),
            (5, "ente_erogatore", "ente_fuori_ambito"),
        ]
        assert (esito.righe, esito.valide, esito.importate) == (5, 2, 2)
        assert len(await id_di(unita)) == 2
    async with prova("crema", "G306"):
        esito = await porta(csv_di(minore(5)), "m.csv")
        assert errori(esito) == [(2, "comune_titolare", "comune_fuori_ambito")]
    async with prova("crema", "G306") as unita:
        await unita.esegui("SELECT set_config('capofila.comune', 'G306', true)")
        esito = await porta(SINBA, "minori.xml")
        assert {codice for *_, codice in errori(esito)} == {"comune_fuori_ambito"}


async def test_diecimila_schede_entrano_con_un_comando_a_blocco(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chieste: list[str] = []
    vera = UnitaDiLavoro.righe

    async def conta(self: UnitaDiLavoro, comando: str, *valori: object) -> Any:
        chieste.append(comando)
        return await vera(self, comando, *valori)

    monkeypatch.setattr(UnitaDiLavoro, "righe", conta)
    async with prova() as unita:
        esito = await porta(csv_di(*(minore(n) for n in range(10_000))), "molti.csv")
        assert (errori(esito), esito.importate) == ([], 10_000)
        inserimenti = [c for c in chieste if c.startswith("INSERT INTO scheda_sinba")]
        assert len(inserimenti) < 20
        assert (
            await unita.valore("SELECT count(DISTINCT id_beneficiario) FROM scheda_sinba") == 10_000
        )


# --- the form -----------------------------------------------------------------------------------


async def test_una_correzione_e_una_riga_nuova_dello_stesso_minore() -> None:
    async with prova() as unita:
        (uno,) = (await salva(unita, minore(1))).prestazioni
        prima = await minori.leggi(uno)
        uguale = await salva(unita, prima["valori"], sostituisce=uno)
        assert (uguale.invariata, uguale.prestazioni) == (True, [uno])
        corretta = await salva(
            unita, prima["valori"] | {"luogo_vita": "2", "anno": "1999", "codice_fiscale": "x",
                                      "id_beneficiario": "y"},
            sostituisce=uno, motivo="trasferito dai nonni",
        )  # fmt: skip
        (due,) = corretta.prestazioni
        dopo = await minori.leggi(due)
        assert (dopo["id_beneficiario"], dopo["anno"]) == (prima["id_beneficiario"], ANNO)
        assert dopo["valori"]["luogo_vita"] == "2"
        storia = await minori.storia(dopo)
        assert [(v["id"], v["motivo"], v["sostituita_lotto"]) for v in storia] == [
            (uno, None, dopo["lotto_id"]), (due, "trasferito dai nonni", None),
        ]  # fmt: skip
        with pytest.raises(Conflitto):
            await salva(unita, prima["valori"] | {"luogo_vita": "3"}, sostituisce=uno)
        await minori.elimina(due, "siuss-sinba", "doppia")
        with pytest.raises(Conflitto):
            await minori.elimina(due, "siuss-sinba")
        # Taken away, the same minor may come back.
        assert (await salva(unita, minore(1))).errori == []
        with pytest.raises(NonTrovato):
            await minori.leggi(2**70)


async def test_il_modulo_di_un_anno_nuovo_parte_dal_minore_senza_dire_chi_e() -> None:
    async with prova() as unita:
        (uno,) = (await salva(unita, minore(1, anno="2024"))).prestazioni
        vecchia = await minori.leggi(uno)
        valori = vecchia["valori"] | {"anno": "2025"}
        esito = await salva(unita, valori, minore=vecchia["id_beneficiario"])
        assert esito.errori == []
        ripetuta = await salva(unita, valori, minore=vecchia["id_beneficiario"])
        assert errori(ripetuta) == [(1, "id_beneficiario", "duplicato")]
        assert len(set(await id_di(unita))) == 1
        (altra,) = await minori.altre(await minori.leggi(esito.prestazioni[0]))
        assert (altra["id"], altra["anno"]) == (uno, 2024)
