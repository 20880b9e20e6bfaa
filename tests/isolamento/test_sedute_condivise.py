"""A meeting of the Cabina di Regia is read by the other ambiti and the agency: each step, and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, time, timedelta
from typing import Any

import pytest
from tests.governo.adunanze import REGOLE_DI_CREMA, prepara, tutti
from tests.governo.organi_casi import assegna
from tests.prestazioni.casi import contesto
from tests.prestazioni.conftest import ambiti, banca_del_modulo

from capofila.base.attivazioni import oggi
from capofila.base.database import Contesto, UnitaDiLavoro, unita_di_lavoro
from capofila.base.errori import NonTrovato
from capofila.governo import (
    chiamate,
    condivise,
    deliberazioni,
    pubblicazioni,
    sala,
    sedute,
    verbali,
)
from capofila.governo import service as governo
from capofila.governo.sedute import Adunanza, Proposta
from capofila.governo.voti import Scelta, Voto

__all__ = ["ambiti", "banca_del_modulo"]
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]

GIORNO = date(2016, 3, 20)
TABELLE = (
    "seduta", "punto", "proposta", "documento_seduta", "apertura_seduta", "peso_seduta", "presenza",
    "votazione", "voto", "deliberazione", "incarico_organo",
)  # fmt: skip


@pytest.fixture(scope="module")
async def cabina(ambiti: Any) -> dict[str, int]:
    """Crema calls the Cabina di Regia, with a document, for the other two and for one agency."""
    async with unita_di_lavoro(Contesto(amministratore=True)) as unita:
        await unita.esegui(
            "INSERT INTO ats (slug, nome) VALUES ('val-padana', 'ATS della Val Padana'), "
            "('brescia', 'ATS di Brescia')"
        )
        enti = {r["slug"]: r["id"] for r in await unita.righe("SELECT slug, id FROM ats")}
    async with unita_di_lavoro(await contesto("crema")):
        for n in (1, 2):
            await assegna(
                "cabina-di-regia", "istituzionale", persona=f"Ida {n}", carica="Sindaco",
                designato_da="ASL", ente="Ambito Cremasco",
            )  # fmt: skip
        regole = {n: v for n, v in REGOLE_DI_CREMA.items() if n in ("atto", "voto", "quorum")}
        id_, [proposta] = await prepara(
            Proposta(materia="integrazione-sociosanitaria", oggetto="Linee comuni", testo="Testo delle linee"),
            organo="cabina-di-regia", giorno=GIORNO, regole=regole,
        )  # fmt: skip
        await sedute.aggiungi_documento(id_, None, "relazione.txt", b"Relazione inventata")
        assert await condivise.aggiorna(id_, ["val-padana"]) is not None
        bozza = await sedute.crea(
            Adunanza(organo="cabina-di-regia", giorno=GIORNO, ora=time(9), luogo="Bozza segreta")
        )
        assert await condivise.aggiorna(bozza) is None
    return {"seduta": id_, "proposta": proposta, "bozza": bozza, **enti}


@asynccontextmanager
async def _di(chi: str | int) -> AsyncIterator[UnitaDiLavoro]:
    dove = await contesto(chi) if isinstance(chi, str) else Contesto(ats=chi, utente=1)
    async with unita_di_lavoro(dove, sola_lettura=True) as unita:
        yield unita


@pytest.mark.parametrize("chi", ["cremona", "casalmaggiore", "val-padana"])
async def test_chi_condivide_l_organo_legge_convocazione_ordine_del_giorno_e_documenti(
    cabina: dict[str, int], chi: str
) -> None:
    async with _di(cabina.get(chi, chi)) as unita:
        una, letta = await condivise.leggi(cabina["seduta"])
        assert (una.propria, una.di) == (False, "Ambito distrettuale Cremasco")
        assert (letta.giorno, letta.luogo) == (GIORNO, "Sala consiliare")
        assert [p.oggetto for punto in letta.punti for p in punto.proposte] == ["Linee comuni"]
        uno, contenuto = await condivise.documento(cabina["seduta"], 1)
        assert (uno.nome, contenuto) == ("relazione.txt", b"Relazione inventata")
        for numero in (0, -1, 2, 10**9):
            with pytest.raises(NonTrovato):
                await condivise.documento(cabina["seduta"], numero)
        # Not a row of whoever keeps the body, asked without a filter.
        for tabella in TABELLE:
            assert not await unita.valore(f"SELECT count(*) FROM {tabella}"), tabella


async def test_una_bozza_non_la_legge_nessuno(cabina: dict[str, int]) -> None:
    for chi in ("cremona", cabina["val-padana"]):
        async with _di(chi):
            with pytest.raises(NonTrovato):
                await condivise.leggi(cabina["bozza"])
            titoli = [u.titolo for u in await pubblicazioni.pubblicazioni()]
            assert not any("segreta" in titolo for titolo in titoli)


async def test_un_altra_agenzia_non_legge_ne_la_seduta_ne_i_documenti(
    cabina: dict[str, int],
) -> None:
    async with _di(cabina["brescia"]):
        assert await pubblicazioni.pubblicazioni() == []
        for attesa in (
            condivise.leggi(cabina["seduta"]),
            condivise.documento(cabina["seduta"], 1),
        ):
            with pytest.raises(NonTrovato):
                await attesa


async def test_a_ogni_passo_si_legge_lo_stato_nuovo_allo_stesso_indirizzo(
    cabina: dict[str, int],
) -> None:
    id_ = cabina["seduta"]
    async with unita_di_lavoro(await contesto("crema")):
        await sala.apri(id_)
        presenti = await tutti(id_)
        await sala.segna_presenza(id_, presenti, True, ora=time(18))
        await condivise.aggiorna(id_)
        await deliberazioni.vota(
            cabina["proposta"], "appello", ora=time(19),
            voti=[Voto.intero(chi, Scelta.FAVOREVOLE) for chi in presenti],
        )  # fmt: skip
        await condivise.aggiorna(id_)
    async with _di("cremona"):
        _, letta = await condivise.leggi(id_)
        # At work: what comes out is read when it is closed.
        assert letta.stato == "aperta"
        assert letta.punti[0].proposte[0].voto is None
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await sala.chiudi(id_)
        await verbali.verbale(id_)
        await condivise.aggiorna(id_)
        in_vigore = await unita.valore(
            "SELECT count(*) FROM pubblicazione_organo WHERE seduta_id = $1 AND ritirata_il IS NULL",
            id_,
        )
        assert in_vigore == 1
    for chi in ("casalmaggiore", cabina["val-padana"]):
        async with _di(chi):
            una, letta = await condivise.leggi(id_)
            proposta = letta.punti[0].proposte[0]
            assert proposta.voto is not None
            assert proposta.voto.risultato == "approvata"
            # Who voted what stays with who keeps the body, until the minutes are everybody's.
            assert "Ida 1" not in str(letta)
            assert proposta.voto.esito["spiegazione"]
            assert not any("Decisivi" in frase for frase in proposta.voto.esito["spiegazione"])
            assert [d.specie for d in letta.documenti] == ["allegato"]
            assert proposta.atto is not None
            assert proposta.atto.chiave == "cabina-di-regia/2016/1"
            assert len(await pubblicazioni.pubblicazioni(specie="seduta")) == 1
    async with unita_di_lavoro(await contesto("crema")):
        await sedute.pubblica(id_, GIORNO, "Albo di Crema")
        await condivise.aggiorna(id_)
    for chi in ("casalmaggiore", cabina["val-padana"]):
        async with _di(chi):
            una, letta = await condivise.leggi(id_)
            verbale = next(n for n, d in enumerate(letta.documenti, 1) if d.specie == "verbale")
            _, contenuto = await condivise.documento(id_, verbale)
            assert contenuto.startswith(b"%PDF")
    async with unita_di_lavoro(await contesto("crema")):
        await pubblicazioni.ritira_pubblicazione(una.id)
    async with _di("cremona"):
        with pytest.raises(NonTrovato):
            await condivise.documento(id_, 1)
    async with unita_di_lavoro(await contesto("crema")):
        # What was withdrawn comes back when somebody chooses so, not by itself.
        assert await condivise.aggiorna(id_) is None
        assert await condivise.aggiorna(id_, []) is not None
    async with _di(cabina["val-padana"]):
        with pytest.raises(NonTrovato):
            await condivise.leggi(id_)


async def test_un_atto_che_cessa_dopo_la_sua_seduta_si_legge_cessato_anche_nella_copia(
    cabina: dict[str, int],
) -> None:
    regole = {n: v for n, v in REGOLE_DI_CREMA.items() if n in ("atto", "voto", "quorum")}
    async with unita_di_lavoro(await contesto("crema")):
        id_, [proposta] = await prepara(
            Proposta(materia="integrazione-sociosanitaria", oggetto="Linee di maggio"),
            organo="cabina-di-regia", giorno=date(2016, 5, 9), regole=regole,
        )  # fmt: skip
        await sala.apri(id_)
        presenti = await tutti(id_)
        await sala.segna_presenza(id_, presenti, True, ora=time(18))
        _, atto = await deliberazioni.vota(
            proposta, "appello", ora=time(19),
            voti=[Voto.intero(chi, Scelta.FAVOREVOLE) for chi in presenti],
        )  # fmt: skip
        assert atto is not None
        await sala.chiudi(id_)
        await condivise.aggiorna(id_)
        await deliberazioni.annulla(atto.id, date(2016, 6, 1), "Sentenza inventata")
        await condivise.aggiorna_per_atto(atto.id)
        await condivise.aggiorna_per_atto(None)
    async with _di("cremona"):
        _, letta = await condivise.leggi(id_)
        pubblicato = letta.punti[0].proposte[0].atto
        assert pubblicato is not None
        assert (pubblicato.fino, pubblicato.cessazione) == (date(2016, 6, 1), "annullata")
    async with unita_di_lavoro(await contesto("crema")):
        copia = await pubblicazioni.della_seduta(id_)
        assert copia is not None
        await pubblicazioni.ritira_pubblicazione(copia.id)


async def test_il_comune_che_siede_in_un_organo_di_un_altro_ambito_vi_e_chiamato(
    cabina: dict[str, int],
) -> None:
    giorno = date(2016, 5, 16)
    async with unita_di_lavoro(await contesto("crema")):
        await assegna(
            "cabina-di-regia", "istituzionale", persona="Ugo Prova", carica="Sindaco",
            designato_da="ASL", ente="Comune di  casalmaggiore",
        )  # fmt: skip
        # What holds on the day of the meeting, and not what was published for another.
        await pubblicazioni.pubblica_composizione("cabina-di-regia", giorno)
        id_, _ = await prepara(
            Proposta(materia="integrazione-sociosanitaria", oggetto="Linee di metà maggio"),
            organo="cabina-di-regia", giorno=giorno,
        )  # fmt: skip
        await condivise.aggiorna(id_)
    for belfiore, atteso in (("B898", True), ("E272", False)):
        async with unita_di_lavoro(await contesto("casalmaggiore", belfiore), sola_lettura=True):
            copie = [u for u in await pubblicazioni.pubblicazioni(specie="seduta") if not u.propria]
            assert id_ in {uno.seduta_id for uno in copie}
            assert (id_ in await chiamate.condivise_del_comune(copie)) is atteso
    async with _di("casalmaggiore"):
        assert await chiamate.condivise_del_comune(copie) == set()
    async with unita_di_lavoro(await contesto("crema")):
        copia = await pubblicazioni.della_seduta(id_)
        assert copia is not None
        await pubblicazioni.ritira_pubblicazione(copia.id)


async def test_fra_le_prossime_sedute_c_e_quella_dell_organo_che_tiene_un_altro_ambito(
    cabina: dict[str, int],
) -> None:
    giorno = oggi() + timedelta(days=9)
    async with unita_di_lavoro(await contesto("crema")):
        await assegna(
            "cabina-di-regia", "istituzionale", persona="Lia Prova", carica="Sindaco",
            designato_da="ASL", ente="Comune di Casalmaggiore",
        )  # fmt: skip
        await pubblicazioni.pubblica_composizione("cabina-di-regia", giorno)
        id_, _ = await prepara(
            Proposta(materia="integrazione-sociosanitaria", oggetto="Linee a venire"),
            organo="cabina-di-regia", giorno=giorno,
        )  # fmt: skip
        await condivise.aggiorna(id_)
        [propria] = await governo.prossime_sedute(9)
        assert (propria.percorso, propria.di) == (f"sedute/{id_}", None)
    for dove, belfiore, attese in (
        ("cremona", None, [f"sedute/condivise/{id_}"]),
        ("casalmaggiore", "B898", [f"sedute/condivise/{id_}"]),
        ("casalmaggiore", "E272", []),
    ):
        async with unita_di_lavoro(await contesto(dove, belfiore), sola_lettura=True):
            viste = await governo.prossime_sedute(9)
            assert [una.percorso for una in viste] == attese, (dove, belfiore)
            assert {(una.giorno, una.di) for una in viste} <= {
                (giorno, "Ambito distrettuale Cremasco")
            }
    async with unita_di_lavoro(await contesto("crema")):
        await sedute.revoca(id_)
        await condivise.aggiorna(id_)
    async with _di("cremona"):
        assert await governo.prossime_sedute(9) == []


async def test_un_organo_del_solo_ambito_non_si_pubblica_a_nessuno(ambiti: Any) -> None:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        id_, _ = await prepara(regole=REGOLE_DI_CREMA, giorno=date(2016, 5, 2))
        assert await condivise.aggiorna(id_) is None
        assert not await unita.valore(
            "SELECT count(*) FROM pubblicazione_organo WHERE seduta_id = $1", id_
        )


def test_i_testi_lunghi_restano_fuori_e_lo_si_dice() -> None:
    proposta = condivise.PropostaPubblicata(
        oggetto="Lunga", testo="x" * 20_000, come=condivise.ComeSiVota("")
    )
    una = condivise.SedutaPubblicata(
        organo="o", denominazione="O", stato="convocata", giorno=GIORNO, ora=time(9), luogo="L",
        numero_legale=condivise.ComeSiVota(""),
        punti=tuple(
            condivise.PuntoPubblicato(ordine=n, titolo="Punto", proposte=(proposta,) * 10)
            for n in range(1, 7)
        ),
    )  # fmt: skip
    contenuto = condivise.in_byte(una)
    assert len(contenuto) < condivise.MASSIMO
    assert b'"testi_omessi":true' in contenuto
