"""The ISEE from the components that an officer types, beside the attested one, kept and tried."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from capofila.base.attivazioni import plugin_attivi
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, NonTrovato
from capofila.compartecipazione import componenti, isee, service, utenze
from capofila.compartecipazione.isee import Componenti, Immobile, Nucleo, Persona
from capofila.web.lettura import Lettura
from tests.compartecipazione.casi import attesta, contesto, persona, registra
from tests.compartecipazione.test_adozioni import ATTO
from tests.conftest import Banca

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]
D = Decimal
MODULO = {
    "componenti": "3", "figli": "1", "minori": "si", "persone": "2", "immobili": "2",
    "persona-1-lavoro_dipendente": "18.000,00", "persona-2-pensione": "4.000,00",
    "immobile-1-valore": "60.000,00", "immobile-1-abitazione": "si",
    "immobile-2-valore": "9000", "immobile-2-mutuo": "4000", "mobiliare": "12.000,00",
}  # fmt: skip
"""Worked out by hand: ISR 15,000 + 3,200; ISP 5,000 (of 7,500) + 5,000 + 2,000; scale 2.04."""


def letto(**campi: str) -> tuple[Componenti | None, dict[str, str]]:
    lettura = Lettura({**MODULO, **campi})
    return componenti.leggi(lettura), lettura.errori


async def test_il_modulo_da_i_componenti_e_da_loro_l_isee() -> None:
    dati, errori = letto()
    assert errori == {}
    assert dati is not None
    assert isee.calcola(dati) == isee.Calcolato(
        isr=D("18200.00"), isp=D("12000.00"), ise=D("20600.00"), scala=D("2.04"),
        isee=D("10098.04"),
    )  # fmt: skip
    # What is written back says the same.
    assert componenti.leggi(Lettura(componenti.scrivi(dati))) == dati
    assert componenti.leggi(Lettura({"componenti": "1"})) == Componenti(
        nucleo=Nucleo(componenti=1), persone=()
    )


@pytest.mark.parametrize(
    ("campi", "campo", "detto"),
    [
        ({"componenti": ""}, "componenti", "da 1 a 30"),
        ({"componenti": "0"}, "componenti", "da 1 a 30"),
        ({"componenti": "31"}, "componenti", "da 1 a 30"),
        ({"componenti": "9" * 400}, "componenti", "da 1 a 30"),
        ({"componenti": "²"}, "componenti", "da 1 a 30"),
        ({"figli": "-1"}, "figli", "da 0 a 29"),
        ({"figli": "3"}, "figli", "meno dei componenti"),
        ({"disabili": "4"}, "disabili", "più delle persone"),
        ({"figli": "0"}, "minori", "è un figlio"),
        ({"minori": "", "minore_di_tre": "si"}, "minore_di_tre", "segna anche quello"),
        ({"solo_genitore_con_minori": "si"}, "solo_genitore_con_minori", "solo genitore"),
        ({"canone": "-5"}, "canone", "negativo"),
        ({"canone": "10.000.000,01"}, "canone", "dieci milioni"),
        ({"persona-2-pensione": "1,005"}, "persona-2-pensione", "due decimali"),
        ({"componenti": "1", "figli": "0", "minori": ""}, "persona-2-lavoro_dipendente", "ne ha 1"),
        ({"immobile-2-abitazione": "si"}, "immobile-2-abitazione", "una sola"),
        ({"immobile-2-valore": ""}, "immobile-2-valore", "togli il mutuo"),
    ],
)  # fmt: skip
async def test_cio_che_non_puo_essere_e_detto_nel_suo_campo(
    campi: dict[str, str], campo: str, detto: str
) -> None:
    dati, errori = letto(**campi)
    assert dati is None
    assert detto in errori[campo]


async def test_quante_persone_e_immobili_ha_un_limite() -> None:
    for testo, quanti in (("0", 1), ("2", 2), ("999", 30), ("9999", 1), ("x", 1), ("²", 1)):
        assert componenti.quanti(Lettura({"persone": testo}), "persone", 30) == quanti


async def test_il_confronto_dice_di_quanto_e_in_che_verso() -> None:
    fatto = isee.calcola(Componenti(nucleo=Nucleo(componenti=1), persone=(), mobiliare=D(16_000)))
    assert fatto.isee == D("2000.00")
    assert componenti.confronta(fatto, D("2000"))[0] == "riuscito"
    assert "500,00\u00a0€ in più di quello attestato" in componenti.confronta(fatto, D("1500"))[1]
    assert "0,01\u00a0€ in meno" in componenti.confronta(fatto, D("2000.01"))[1]


async def test_i_componenti_stanno_con_l_attestazione_e_la_quota_si_prova() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await registra("G558", dal=date(2024, 1, 1))
        utenza = await persona(900, "G558", dal=date(2025, 1, 1), quantita=D(10))
        id_ = await attesta(utenza, "4500")
        assert await componenti.leggi_conservati(id_) is None
        decisa = await service.decidi(utenza, date(2025, 3, 1), ATTO)
        dati = Componenti(
            nucleo=Nucleo(componenti=1), persone=(Persona(pensione=D("5500.00")),),
            immobili=(Immobile(valore=D("500.00")),),
        )  # fmt: skip
        # Also where a decision rests on it: no quota comes from the components.
        for quali in (dati, Componenti(nucleo=Nucleo(componenti=2), persone=()), dati):
            await componenti.conserva(id_, quali)
            assert await componenti.leggi_conservati(id_) == quali
        assert isee.calcola(dati).isee == D("4600.00")
        (prova,) = await componenti.prove(
            await utenze.leggi_attestazione(id_), D("6000"), date(2025, 3, 1)
        )
        assert prova.attestata is not None
        assert prova.provata is not None
        assert (prova.attestata.importo, prova.provata.importo) == (D("36.20"), D("50.40"))
        assert (prova.differenza, prova.perche) == (D("14.20"), "")
        riprova = await service.rifai(decisa)
        assert riprova.uguale
        assert await componenti.prove(
            await utenze.leggi_attestazione(id_), D("6000"), date(2024, 3, 1)
        ) == []  # fmt: skip


async def test_dove_non_c_e_quota_la_prova_dice_perche() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await registra("F761", stato="non_adotta", dal=date(2024, 1, 1))
        utenza = await persona(901, "F761", dal=date(2025, 1, 1), quantita=D(10))
        attestata = await utenze.leggi_attestazione(await attesta(utenza, "4500"))
        (prova,) = await componenti.prove(attestata, D("9000"), date(2025, 3, 1))
        assert "non ha adottato lo schema" in prova.perche
        assert prova.differenza is None
        altra = await persona(902, "D142", dal=date(2025, 1, 1), quantita=D(10))
        attestata = await utenze.leggi_attestazione(await attesta(altra, "4500"))
        (prova,) = await componenti.prove(attestata, D("10000000.01"), date(2025, 3, 1))
        assert "non può essere un ISEE" in prova.perche
        (prova,) = await componenti.prove(attestata, D("9000"), date(2026, 3, 1))
        assert "scaduto" in prova.perche


async def test_di_un_attestazione_ritirata_o_d_altri_non_si_conserva_nulla() -> None:
    dati = Componenti(nucleo=Nucleo(componenti=1), persone=())
    async with unita_di_lavoro(await contesto("crema")):
        utenza = await persona(903, "D142", dal=date(2025, 1, 1))
        id_ = await attesta(utenza, "4500")
        altra = await attesta(utenza, "4600")
        await utenze.ritira_attestazione(id_)
        with pytest.raises(Conflitto, match="ritirata"):
            await componenti.conserva(id_, dati)
    for chi in (await contesto("crema", "G306"), await contesto("cremona")):
        async with unita_di_lavoro(chi):
            for chiamata in (componenti.conserva(altra, dati), componenti.leggi_conservati(altra)):
                with pytest.raises(NonTrovato):
                    await chiamata


async def test_senza_uno_schema_la_prova_lo_dice(ambiti: Banca) -> None:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        utenza = await persona(904, "D142", dal=date(2025, 1, 1))
        una = await utenze.leggi_attestazione(await attesta(utenza, "4500"))
        await unita.esegui(
            "INSERT INTO utenza (assistito_id, comune, servizio, dal, quantita) "
            "VALUES ($1, 'D142', 'pasti', '2025-01-01', 10)",
            una.assistito_id,
        )
        assert "pasti" not in {
            s.servizio for s in service.schemi(await plugin_attivi()).values()
        }  # fmt: skip
        prove = {p.servizio: p for p in await componenti.prove(una, D("1"), date(2025, 3, 1))}
        assert "nessun plugin attivo" in prove["pasti"].perche
        assert prove["sad"].differenza is not None
