"""Releasing, replacing, withdrawing; what the agency's role reaches in the database itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from capofila.base.database import Contesto, unita_di_lavoro
from capofila.base.errori import Conflitto, NonTrovato
from capofila.confronto import lettura, pubblicazioni
from capofila.confronto.rules import DatiConvenzione
from tests.confronto.casi import (
    ATTO,
    COMUNI,
    chi_legge,
    conviene,
    legge,
    pubblica,
    scadi,
    spende,
)
from tests.prestazioni.casi import contesto, interroga

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]
DELL_ATS = ("pubblicazione", "cifra_pubblicata", "convenzione", "ritiro_pubblicazione")
SENZA_AMBITO = ("apertura", "segno_confronto")
"""The role reads them too: tests/confronto/test_aperti.py."""


async def _quante(tabella: str, **chi: Any) -> int:
    async with unita_di_lavoro(Contesto(**chi), ruolo="ats", sola_lettura=True) as unita:
        quante: int = await unita.valore(f"SELECT count(ambito_id) FROM {tabella}")
    return quante


async def test_l_ats_legge_cio_che_e_rilasciato_a_lei_e_nient_altro(ambiti: Any) -> None:
    await spende("crema", 2030, [*COMUNI["crema"][:3]])
    await spende("cremona", 2030, [*COMUNI["cremona"]])
    await pubblica("crema", 2030, await conviene("crema"))
    await pubblica("cremona", 2030, await conviene("cremona", "altra"))
    letto = await legge(2030)
    assert set(letto.uscite) == {"crema"}
    assert set((await legge(2030, "altra")).uscite) == {"cremona"}
    # The years are those with something released, and those of the published figures.
    assert letto.anni == (2011, 2012, 2030)
    nostra = (await chi_legge()).ats
    for tabella in DELL_ATS:
        async with unita_di_lavoro(Contesto(ats=nostra), ruolo="ats") as unita:
            ambiti_letti = await unita.righe(f"SELECT DISTINCT ambito_id FROM {tabella}")
        assert len(ambiti_letti) <= 1, tabella
        assert await _quante(tabella) == 0
        assert await _quante(tabella, ats=30_000) == 0
        # To be in an ambito adds nothing.
        assert await _quante(tabella, ambito=1) == 0
    tabelle = await interroga(
        ambiti.superutente,
        "SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace "
        "AND relkind IN ('r', 'p', 'v', 'm')",
    )
    for (tabella,) in tabelle:
        if tabella in (*DELL_ATS, *SENZA_AMBITO):
            continue
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unita_di_lavoro(Contesto(ats=nostra), ruolo="ats") as unita:
                await unita.righe(f'SELECT 1 FROM "{tabella}"')
    for scrive in (
        "UPDATE pubblicazione SET anno = 1", "DELETE FROM cifra_pubblicata",
        "INSERT INTO ritiro_pubblicazione SELECT * FROM ritiro_pubblicazione",
        "SELECT pubblicata_da FROM pubblicazione", "SELECT atto FROM convenzione",
        "SELECT segna_lettura_ats('x', '{}', '{}')",
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unita_di_lavoro(Contesto(ats=nostra), ruolo="ats") as unita:
                await unita.esegui(scrive)


async def test_scaduta_revocata_o_senza_quei_dati_la_convenzione_non_mostra_piu_niente(
    ambiti: Any,
) -> None:
    await spende("crema", 2031, [*COMUNI["crema"][:3]])
    prima = await conviene("crema")
    await pubblica("crema", 2031, prima)
    assert set((await legge(2031)).uscite) == {"crema"}
    await scadi(ambiti, prima)
    assert (await legge(2031)).uscite == {}
    assert (await legge(2031)).ambiti == {}
    # Another convention shows it again: the same threshold or a lower one, and these data.
    for dati, soglia, visti in (
        (("utenti",), 5, set()), (("spesa",), 8, set()), (("spesa", "utenti"), 4, {"crema"})
    ):  # fmt: skip
        await conviene("crema", dataset=dati, soglia=soglia)
        assert set((await legge(2031)).uscite) == visti, (dati, soglia)
    domani = await conviene("crema", dal="2035-01-01")
    assert (await legge(2031)).uscite == {}
    with pytest.raises(Conflitto):
        await pubblica("crema", 2031, domani)


async def test_una_nuova_versione_sostituisce_e_un_ritiro_toglie() -> None:
    await spende("crema", 2032, [*COMUNI["crema"][:3]])
    convenzione = await conviene("crema")
    prima = await pubblica("crema", 2032, convenzione)
    spesa = (await legge(2032, indicatore="spesa")).uscite["crema"]
    assert (spesa.versione, spesa.sopra) == (1, Decimal("12000.00"))
    # The ledger changes: what was released does not.
    await spende("crema", 2032, [*COMUNI["crema"][:3]], euro=2000)
    assert (await legge(2032, indicatore="spesa")).uscite["crema"].sopra == Decimal("12000.00")
    seconda = await pubblica("crema", 2032, convenzione)
    nuova = (await legge(2032, indicatore="spesa")).uscite["crema"]
    assert (nuova.versione, nuova.sopra) == (2, Decimal("24000.00"))
    async with unita_di_lavoro(await contesto("crema")):
        vecchia = await pubblicazioni.pubblicazione(prima)
        assert (vecchia.sostituita_da, vecchia.ritirata_il is None) == (seconda, False)
        assert any(c.valore == 12_000 for c in await pubblicazioni.cifre_di(prima))
        with pytest.raises(DatiConvenzione):
            await pubblicazioni.ritira(seconda, {"motivo": " "})
        await pubblicazioni.ritira(seconda, {"motivo": "errore nelle schede"})
        with pytest.raises(Conflitto):
            await pubblicazioni.ritira(seconda, {"motivo": "di nuovo"})
    assert (await legge(2032)).uscite == {}


async def test_nel_database_una_pubblicazione_non_si_tocca() -> None:
    await spende("crema", 2033, [*COMUNI["crema"][:3]])
    uno = await pubblica("crema", 2033, await conviene("crema"))
    for comando in (
        "UPDATE pubblicazione SET fonte = 'un altra fonte'",
        "DELETE FROM pubblicazione",
        "UPDATE cifra_pubblicata SET valore = 1",
        "DELETE FROM cifra_pubblicata",
        "UPDATE ritiro_pubblicazione SET motivo = 'nessuno'",
        "DELETE FROM ritiro_pubblicazione",
        "DELETE FROM lettura_ats",
        "UPDATE convenzione SET soglia = 3",
        "INSERT INTO lettura_ats (ats_id, chi, che_cosa, pubblicazioni) VALUES (1, 'x', 'xxx', '{1}')",
        # A figure enters with its publication only.
        f"INSERT INTO cifra_pubblicata (pubblicazione_id, riga, voce, misura) VALUES ({uno}, 'x', 'y', 'z')",
        "UPDATE convenzione SET revocata_il = NULL, motivo_revoca = NULL WHERE revocata_il IS NOT NULL",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unita_di_lavoro(await contesto("crema")) as unita:
                await unita.esegui(comando)


async def test_le_celle_piccole_non_entrano_nella_banca_dati_delle_figure(ambiti: Any) -> None:
    await spende("crema", 2034, [*COMUNI["crema"][:3]])
    id_ = await pubblica("crema", 2034, await conviene("crema"))
    async with unita_di_lavoro(await contesto("crema")):
        cifre = await pubblicazioni.cifre_di(id_)
        questa = await pubblicazioni.pubblicazione(id_)
    nascoste = {(c.riga, c.voce) for c in cifre if c.soppressa}
    piccolo = COMUNI["crema"][2]
    assert (piccolo, "disabili") in nascoste
    assert len(nascoste) >= 4
    assert questa.capoluogo == COMUNI["crema"][0]
    for cifra in cifre:
        assert cifra.soppressa == (
            (cifra.riga, cifra.voce) in nascoste and cifra.misura != "abitanti"
        )
        assert not (cifra.misura == "persone" and cifra.valore and cifra.valore < 5)
    # What it costs goes with it; how much of it was associata is not said of a comune in an area at all.
    assert {c.misura for c in cifre if c.soppressa} == {"persone", "spesa"}
    assert {c.voce for c in cifre if c.misura == "associata" and c.riga in COMUNI["crema"]} == {""}
    # A lower threshold later does not bring them back.
    altra = await pubblica("crema", 2034, await conviene("crema", soglia=3))
    async with unita_di_lavoro(await contesto("crema")):
        dopo = await pubblicazioni.cifre_di(altra)
    assert nascoste <= {(c.riga, c.voce) for c in dopo if c.soppressa}
    # Nor does another agency, which may read beside its own what is open to everybody.
    di_un_altra = await pubblica("crema", 2034, await conviene("crema", "brescia", soglia=3))
    async with unita_di_lavoro(await contesto("crema")):
        sue = await pubblicazioni.cifre_di(di_un_altra)
    assert nascoste <= {(c.riga, c.voce) for c in sue if c.soppressa}


async def test_chi_ha_letto_che_cosa_lo_vede_l_ambito_e_nessun_altro() -> None:
    await spende("casalmaggiore", 2035, [*COMUNI["casalmaggiore"]])
    id_ = await pubblica("casalmaggiore", 2035, await conviene("casalmaggiore"))
    await legge(2035)
    async with unita_di_lavoro(await contesto("casalmaggiore"), sola_lettura=True):
        righe, quante = await pubblicazioni.letture()
    assert quante >= 1
    assert (righe[0].chi, righe[0].che_cosa, righe[0].ats) == (
        "Riga di comando", "Prova", "ATS valpadana"
    )  # fmt: skip
    assert id_ in righe[0].pubblicazioni
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        nostre, _ = await pubblicazioni.letture()
    assert all(id_ not in r.pubblicazioni for r in nostre)
    # Of another agency nothing can be written, whatever is asked.
    async with unita_di_lavoro(await contesto("casalmaggiore"), sola_lettura=True) as unita:
        ambito = unita.ambito
    async with unita_di_lavoro(await chi_legge("altra")) as unita:
        scritte = await unita.valore("SELECT segna_lettura_ats('x x', $1, $2)", [ambito], [id_])
    assert scritte == 0


async def test_una_pagina_ha_il_posto_fra_tutti_e_si_annota_di_chi_si_mostra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for n, slug in enumerate(COMUNI):
        await spende(slug, 2037, [*COMUNI[slug][:2]], euro=1000 * (n + 1))
        await pubblica(slug, 2037, await conviene(slug))
    monkeypatch.setattr(lettura, "PER_PAGINA", 2)
    prima = await legge(2037, indicatore="spesa", pagina=1)
    assert (prima.pagine, [p.chiave for p in prima.in_pagina]) == (2, ["casalmaggiore", "cremona"])
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        _, quante = await pubblicazioni.letture()
    seconda = await legge(2037, indicatore="spesa", pagina=2)
    (ultimo,) = seconda.in_pagina
    assert (ultimo.chiave, ultimo.posto, seconda.classifica.media) == (
        "crema",
        3,
        Decimal("12000.00"),
    )
    assert seconda.insieme == 36_000
    assert {c.ambito for c in seconda.comuni} == {seconda.ambiti["crema"].nome}
    # A page beyond the last one is the last one.
    assert (await legge(2037, indicatore="spesa", pagina=9)).pagina == 2
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        _, dopo = await pubblicazioni.letture()
    assert dopo == quante + 2
    senza = await legge(2037, indicatore="spesa", perimetro="senza_capoluogo")
    assert senza.insieme == 12_000
    assert not {c.istat for c in senza.comuni} & {c[0] for c in COMUNI.values()}


async def test_si_pubblica_cio_che_si_e_visto() -> None:
    await spende("crema", 2036, [*COMUNI["crema"][:3]])
    convenzione = await conviene("crema")
    async with unita_di_lavoro(await contesto("crema")):
        vista = (await pubblicazioni.proponi("spesa", 2036, convenzione)).impronta
    await spende("crema", 2036, [*COMUNI["crema"][:3]], euro=1500)
    with pytest.raises(Conflitto, match="cambiate"):
        async with unita_di_lavoro(await contesto("crema")):
            await pubblicazioni.pubblica("spesa", 2036, convenzione, ATTO, vista)
    with pytest.raises(DatiConvenzione):
        async with unita_di_lavoro(await contesto("crema")):
            await pubblicazioni.pubblica("spesa", 2036, convenzione, {"atto": "", "atto_data": "x"})
    with pytest.raises(NonTrovato):
        await pubblica("crema", 2049, convenzione)


@pytest.mark.parametrize(
    ("campo", "valore"),
    [
        ("ats", "99"), ("ats", ""), ("soglia", "2"), ("soglia", "101"), ("soglia", "cinque"),
        ("soglia", "٥"), ("dal", "domani"), ("dal", "1850-01-01"), ("al", "2025-12-31"), ("atto", "x"),
        ("atto", "x" * 301), ("atto_data", "2999-01-01"),
    ],
)  # fmt: skip
async def test_una_convenzione_sbagliata_dice_quale_campo(campo: str, valore: str) -> None:
    agenzia = (await chi_legge()).ats
    valori = {
        **ATTO,
        "ats": str(agenzia),
        "soglia": "5",
        "dal": "2026-01-01",
        "al": "",
        campo: valore,
    }
    with pytest.raises(DatiConvenzione) as errore:
        async with unita_di_lavoro(await contesto("cremona")):
            await pubblicazioni.registra_convenzione(valori, ["spesa"])
    assert list(errore.value.campi) == [campo]


async def test_due_convenzioni_con_la_stessa_agenzia_non_si_sovrappongono() -> None:
    await conviene("cremona")
    agenzia = (await chi_legge()).ats
    with pytest.raises(DatiConvenzione, match="già una convenzione"):
        async with unita_di_lavoro(await contesto("cremona")):
            await pubblicazioni.registra_convenzione(
                {**ATTO, "ats": str(agenzia), "soglia": "5", "dal": "2026-06-01", "al": ""},
                ["spesa"],
            )


async def test_utenti_compartecipazione_e_debito_si_fotografano(ambiti: Any) -> None:
    from tests.debito.casi import importa
    from tests.prestazioni.casi import csv_di, riga

    righe = [riga(n, comune_titolare="D142") for n in range(6)]
    await importa(csv_di(*righe), "utenti.csv", "crema")
    convenzione = await conviene("crema", dataset=("utenti", "compartecipazione", "debito"))
    await pubblica("crema", 2025, convenzione, "utenti")
    letto = await legge(2025, dataset="utenti", indicatore="utenti")
    assert letto.uscite["crema"].sopra == 6
    for dataset in ("compartecipazione", "debito"):
        with pytest.raises(NonTrovato, match="nulla da pubblicare"):
            await pubblica("crema", 2025, convenzione, dataset)


async def test_cio_che_si_tiene_del_confronto_e_sempre_cio_che_si_leggerebbe(ambiti: Any) -> None:
    """Each thing that changes what may be read is seen by the very next page."""

    async def posti() -> list[tuple[str, str, int | None]]:
        letto = await legge(2038, indicatore="spesa", ordine="nome")
        return [(p.chiave, letto.ambiti[p.chiave].nome, p.posto) for p in letto.ordinati]

    for n, slug in enumerate(("crema", "cremona")):
        await spende(slug, 2038, [*COMUNI[slug][:2]], euro=1000 * (n + 1))
    convenzioni = {slug: await conviene(slug) for slug in ("crema", "cremona")}
    await pubblica("crema", 2038, convenzioni["crema"])
    assert {(s, p) for s, _, p in await posti()} >= {("crema", 1), ("cremona", None)}
    prima = len(lettura._quadri)
    await posti()
    assert len(lettura._quadri) == prima
    # What a page wrote of it lasts as long, and no longer.
    (await legge(2038, indicatore="spesa")).scritto["riga di prova"] = "scritta"
    assert (await legge(2038, indicatore="spesa", ordine="nome")).scritto == {
        "riga di prova": "scritta"
    }
    assert not (await legge(2038, indicatore="utenti")).scritto
    await pubblica("cremona", 2038, convenzioni["cremona"])
    assert not (await legge(2038, indicatore="spesa")).scritto
    assert {(s, p) for s, _, p in await posti()} >= {("crema", 2), ("cremona", 1)}
    await interroga(
        ambiti.superutente, "UPDATE ambito SET nome = 'Aaa ' || nome WHERE slug = 'cremona'"
    )
    assert next(n for s, n, _ in await posti() if s == "cremona").startswith("Aaa ")
    await interroga(
        ambiti.superutente, "UPDATE ambito SET nome = substr(nome, 5) WHERE slug = 'cremona'"
    )
    async with unita_di_lavoro(await contesto("cremona")):
        await pubblicazioni.ritira((await legge_id(2038)), {"motivo": "errore nelle schede"})
    assert {(s, p) for s, _, p in await posti()} >= {("crema", 1), ("cremona", None)}
    await scadi(ambiti, convenzioni["crema"])
    assert "crema" not in {s for s, _, _ in await posti()}


async def legge_id(anno: int) -> int:
    """The publication of a year that is in force."""
    return next(
        p.id for p in await pubblicazioni.pubblicazioni() if p.anno == anno and not p.ritirata_il
    )
