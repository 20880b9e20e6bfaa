"""Files brought into a real database: all good or nothing, nobody else's, and nothing twice.

Each test works in one unit of work that is undone at its end.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import asyncpg
import msgspec
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.prestazioni.casi import (
    avvisi,
    codice_fiscale,
    csv_di,
    flussi,
    memorizzate,
    porta,
    prova,
    rese,
    riga,
)
from tests.prestazioni.test_lettura import ods, xlsx
from tests.siuss.casi import prestazioni_valide

from capofila.base.errori import (
    Conflitto,
    DatiNonValidi,
    ErroreCapofila,
    NonTrovato,
    RichiestaNonValida,
    TroppoGrande,
)
from capofila.base.impostazioni import impostazioni
from capofila.hooks.flussi import AVVISI_PER_REGOLA
from capofila.prestazioni import consultazione, service
from capofila.prestazioni.rules import file_errori
from capofila.prestazioni.service import EsitoImportazione, decidi, pulisci_scaduti

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]

AZIENDA = "Comunità Sociale Cremasca a.s.c."


def errori(esito: EsitoImportazione) -> list[tuple[int, str, str]]:
    return [(e.riga, e.colonna, e.codice) for e in esito.errori]


async def uno(codice: str, **campi: str) -> str:
    """The one error of a file of one row; the message."""
    async with prova() as unita:
        esito = await porta(csv_di(riga(1, **campi)))
        assert [e.codice for e in esito.errori] == [codice]
        assert esito.errori[0].riga == 2
        assert esito.importate == 0
        assert await memorizzate(unita) == []
        return esito.errori[0].messaggio
    raise AssertionError


async def buona(colonna: str, **campi: str) -> Any:
    """What is stored in a column by a file of one good row."""
    async with prova() as unita:
        esito = await porta(csv_di(riga(1, **campi)))
        assert errori(esito) == []
        (sola,) = await memorizzate(unita)
        return sola[colonna]
    raise AssertionError


# --- all or nothing -----------------------------------------------------------------------------


async def test_un_file_buono_e_importato_con_il_suo_lotto() -> None:
    async with prova() as unita:
        esito = await porta(csv_di(riga(1), riga(2, ente_erogatore="D142")), "gennaio.csv")
        assert (esito.righe, esito.valide, esito.importate, esito.errori_totali) == (2, 2, 2, 0)
        assert esito.stato == "importato"
        prima, seconda = await memorizzate(unita)
        assert prima["codice_fiscale"] == codice_fiscale(1)
        assert prima["importo_mensile"] == Decimal("312.40")
        assert prima["data_inizio"] == prima["competenza"] == date(2025, 1, 1)
        assert (prima["anno"], prima["riga"], seconda["riga"]) == (2025, 2, 3)
        assert prima["nazione_residenza"] == "380"
        assert prima["lotto_id"] == esito.lotto
        assert [(r["forma_gruppo"], r["forma_riga"]) for r in (prima, seconda)] == await rese(unita)
        enti = dict(await unita.righe("SELECT id, denominazione FROM ente"))
        assert enti[prima["ente_erogatore_id"]] == AZIENDA
        assert enti[seconda["ente_erogatore_id"]] == "Comune di Crema"
        visto, _, _ = await consultazione.lotto(esito.lotto or 0)
        assert (visto.nome_file, visto.formato, visto.importate) == ("gennaio.csv", "csv", 2)
        assert await unita.valore("SELECT contenuto IS NULL FROM lotto WHERE id = $1", esito.lotto)


async def test_con_una_riga_sbagliata_non_entra_nulla_e_il_file_aspetta() -> None:
    contenuto = csv_di(riga(1), riga(2, genere="X"), riga(3))
    async with prova() as unita:
        esito = await porta(contenuto)
        assert (esito.stato, esito.righe, esito.valide, esito.importate) == ("da_decidere", 3, 2, 0)
        assert errori(esito) == [(3, "genere", "codice_sconosciuto")]
        assert esito.errori[0].valore == "X"
        assert await memorizzate(unita) == []
        fermo = await unita.riga("SELECT * FROM lotto WHERE id = $1", esito.lotto)
        assert fermo["stato"] == "da_decidere"
        assert bytes(fermo["contenuto"]) == contenuto
        assert fermo["scade_il"] is not None
        _, trattenuti, _ = await consultazione.lotto(esito.lotto or 0)
        assert [(e["riga"], e["colonna"], e["valore"]) for e in trattenuti] == [(3, "genere", "X")]
        assert [u.id for u in await consultazione.da_decidere()] == [esito.lotto]


async def test_si_possono_tenere_le_righe_buone() -> None:
    async with prova() as unita:
        fermo = await porta(csv_di(riga(1), riga(2, genere="X"), riga(3)))
        esito = await decidi(fermo.lotto or 0, await flussi(), tieni_valide=True)
        assert (esito.stato, esito.importate, esito.errori_totali) == ("importato", 2, 1)
        assert [r["riga"] for r in await memorizzate(unita)] == [2, 4]
        prima = await unita.riga("SELECT * FROM lotto WHERE id = $1", fermo.lotto)
        assert prima["stato"] == "annullato"
        assert prima["contenuto"] is None
        assert prima["errori"] is None
        with pytest.raises(Conflitto, match="già stato deciso"):
            await decidi(fermo.lotto or 0, await flussi(), tieni_valide=True)


async def test_si_puo_scartare_il_file_e_dei_suoi_dati_non_resta_nulla() -> None:
    async with prova() as unita:
        fermo = await porta(csv_di(riga(1), riga(2, genere="X")))
        esito = await decidi(fermo.lotto or 0, await flussi(), tieni_valide=False)
        assert (esito.stato, esito.importate) == ("annullato", 0)
        assert await memorizzate(unita) == []
        rimasto = await unita.riga("SELECT * FROM lotto WHERE id = $1", fermo.lotto)
        assert (rimasto["contenuto"], rimasto["errori"], rimasto["avvisi"]) == (None, None, None)
        with pytest.raises(Conflitto):
            await decidi(fermo.lotto or 0, await flussi(), tieni_valide=False)


async def test_di_un_file_tutto_sbagliato_non_si_possono_tenere_le_righe() -> None:
    async with prova() as unita:
        fermo = await porta(csv_di(riga(1, genere="X")))
        with pytest.raises(DatiNonValidi, match="Nessuna riga"):
            async with unita.punto_di_ritorno():
                await decidi(fermo.lotto or 0, await flussi(), tieni_valide=True)
        visto, _, _ = await consultazione.lotto(fermo.lotto or 0)
        assert visto.stato == "da_decidere"


async def test_un_file_su_cui_nessuno_decide_si_butta_alla_scadenza() -> None:
    async with prova() as unita:
        vecchio = await porta(csv_di(riga(1, genere="X")))
        nuovo = await porta(csv_di(riga(2, genere="X")))
        await unita.esegui(
            "UPDATE lotto SET scade_il = now() - interval '1 minute' WHERE id = $1", vecchio.lotto
        )
        with pytest.raises(Conflitto, match="scadut"):
            await decidi(vecchio.lotto or 0, await flussi(), tieni_valide=True)
        assert await pulisci_scaduti() == 1
        righe = await unita.righe("SELECT id, stato, contenuto, errori FROM lotto ORDER BY id")
        assert [(r["id"], r["stato"], r["contenuto"] is None, r["errori"] is None) for r in righe] == [
            (vecchio.lotto, "annullato", True, True),
            (nuovo.lotto, "da_decidere", False, False),
        ]  # fmt: skip


async def test_la_prova_non_lascia_nulla() -> None:
    async with prova() as unita:
        for contenuto in (csv_di(riga(1)), csv_di(riga(1, genere="X"))):
            esito = await porta(contenuto, prova=True)
            assert (esito.stato, esito.lotto, esito.importate) == ("prova", None, 0)
        assert await unita.valore("SELECT count(*) FROM lotto") == 0
        assert await memorizzate(unita) == []


async def test_una_lettura_che_si_rompe_a_meta_non_lascia_nulla(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service.lettura, "RIGHE_PER_BLOCCO", 2)
    contenuto = csv_di(*map(riga, range(1, 6))) + b'"mai chiusa'
    async with prova() as unita:
        with pytest.raises(RichiestaNonValida, match="virgolette"):
            async with unita.punto_di_ritorno():
                await porta(contenuto)
        assert await memorizzate(unita) == []
        assert await unita.valore("SELECT count(*) FROM lotto") == 0


# --- nothing twice ------------------------------------------------------------------------------


async def test_lo_stesso_file_due_volte_non_raddoppia_nulla() -> None:
    contenuto = csv_di(riga(1), riga(2))
    async with prova() as unita:
        primo = await porta(contenuto, "gennaio.csv")
        secondo = await porta(contenuto, "gennaio (1).csv")
        assert (secondo.stato, secondo.lotto, secondo.importate) == (
            "gia_importato",
            primo.lotto,
            2,
        )
        assert len(await memorizzate(unita)) == 2
        assert await unita.valore("SELECT count(*) FROM lotto") == 1


async def test_la_stessa_prestazione_due_volte_nel_file_si_dice_con_la_riga() -> None:
    async with prova() as unita:
        esito = await porta(csv_di(riga(1), riga(2), riga(1, cognome="Rossi Bianchi")))
        assert (esito.stato, esito.valide) == ("da_decidere", 2)
        assert errori(esito) == [(4, "protocollo_domanda", "duplicato")]
        assert esito.errori[0].valore == "2025/1"
        assert "Togli la riga" in esito.errori[0].messaggio
        assert await memorizzate(unita) == []
        tenute = await decidi(esito.lotto or 0, await flussi(), tieni_valide=True)
        assert tenute.importate == 2
        assert [r["cognome"] for r in await memorizzate(unita)] == ["Rossi", "Rossi"]


@pytest.mark.parametrize("scomoda", [1, 2])
async def test_di_due_righe_uguali_si_tiene_la_prima_comunque_siano_scritte(scomoda: int) -> None:
    """A name to be escaped goes in one by one, a plain one with all the others: the order holds."""
    nomi = {1: "Rossi", 2: "Bianchi"}
    nomi[scomoda] += " & C"
    async with prova() as unita:
        esito = await porta(csv_di(riga(1, cognome=nomi[1]), riga(1, cognome=nomi[2]), riga(2)))
        assert errori(esito) == [(3, "protocollo_domanda", "duplicato")]
        tenute = await decidi(esito.lotto or 0, await flussi(), tieni_valide=True)
        assert tenute.importate == 2
        assert {r["cognome"] for r in await memorizzate(unita)} == {nomi[1], "Rossi"}


async def test_la_stessa_prestazione_in_due_file_si_dice_con_la_riga() -> None:
    async with prova() as unita:
        await porta(csv_di(riga(1), riga(2)))
        esito = await porta(csv_di(riga(3), riga(2, importo_mensile="10,00", quota_ente="10,00",
                                                 quota_utente="")))  # fmt: skip
        assert errori(esito) == [(3, "protocollo_domanda", "duplicato")]
        assert len(await memorizzate(unita)) == 2
        tenute = await decidi(esito.lotto or 0, await flussi(), tieni_valide=True)
        assert (tenute.importate, tenute.valide) == (1, 1)
        assert [r["importo_mensile"] for r in await memorizzate(unita)] == [Decimal("312.40")] * 3


@pytest.mark.parametrize(
    "campi",
    [
        {"protocollo_domanda": "2025/altro"},
        {"codice_prestazione": "A2.02"},
        {"data_inizio": "2025-02-01"},
        {"tipo_operazione": "C"},
        {"codice_fiscale": codice_fiscale(99)},
    ],
    ids=lambda campi: next(iter(campi)),
)
async def test_cio_che_differisce_in_un_dato_della_chiave_non_e_un_duplicato(
    campi: dict[str, str],
) -> None:
    async with prova() as unita:
        assert errori(await porta(csv_di(riga(1), riga(1, **campi)))) == []
        assert len(await memorizzate(unita)) == 2


# --- where it belongs ---------------------------------------------------------------------------


async def test_un_comune_di_un_altro_ambito_si_rifiuta() -> None:
    messaggio = await uno("comune_fuori_ambito", comune_titolare="D150")
    assert "01/01/2025" in messaggio
    assert "Belfiore" in messaggio


@pytest.mark.parametrize(
    ("belfiore", "inizio", "dentro"),
    [
        ("G536", "2018-12-31", True),
        ("G536", "2019-01-01", False),
        ("M418", "2018-12-31", False),
        ("M418", "2019-01-01", True),
        ("M418", "2024-09-03", True),
        ("D150", "2018-06-01", False),
    ],
    ids=["piadena-ultimo-giorno", "piadena-dopo-la-fusione", "piadena-drizzona-prima",
         "piadena-drizzona-primo-giorno", "piadena-drizzona-poi", "cremona"],
)  # fmt: skip
async def test_conta_chi_faceva_parte_dell_ambito_nel_giorno_della_prestazione(
    belfiore: str, inizio: str, dentro: bool
) -> None:
    async with prova("casalmaggiore") as unita:
        esito = await porta(
            csv_di(riga(1, comune_titolare=belfiore, ente_erogatore="B898", data_inizio=inizio,
                        data_fine=f"{inizio[:4]}-12-31"))
        )  # fmt: skip
        attesi = [] if dentro else [(2, "comune_titolare", "comune_fuori_ambito")]
        assert errori(esito) == attesi
        if dentro:
            assert (await memorizzate(unita))[0]["comune_titolare"] == belfiore
        else:
            assert f"{inizio[8:]}/{inizio[5:7]}/{inizio[:4]}" in esito.errori[0].messaggio


@pytest.mark.parametrize(
    "scritto",
    ["D142", "d142", "019035", "Comune di Crema", "COMUNE  DI CREMA", "Crema", " crema "],
)
async def test_un_comune_erogatore_si_scrive_con_il_codice_o_col_nome(scritto: str) -> None:
    async with prova() as unita:
        assert errori(await porta(csv_di(riga(1, ente_erogatore=scritto)))) == []
        crema = await unita.valore("SELECT id FROM ente WHERE codice = 'D142'")
        assert [r["ente_erogatore_id"] for r in await memorizzate(unita)] == [crema]


@pytest.mark.parametrize(
    "scritto",
    [AZIENDA, "comunita' sociale cremasca asc", "Comunità Sociale Cremasca", "CSC", "csc"],
)
async def test_l_azienda_si_scrive_col_nome_o_con_la_sigla(scritto: str) -> None:
    async with prova() as unita:
        assert errori(await porta(csv_di(riga(1, ente_erogatore=scritto)))) == []
        azienda = await unita.valore("SELECT id FROM ente WHERE denominazione = $1", AZIENDA)
        assert [r["ente_erogatore_id"] for r in await memorizzate(unita)] == [azienda]


async def test_senza_ente_eroga_il_comune_titolare() -> None:
    async with prova() as unita:
        assert errori(await porta(csv_di(riga(1, comune_titolare="G306", ente_erogatore="")))) == []
        pandino = await unita.valore("SELECT id FROM ente WHERE codice = 'G306'")
        assert [r["ente_erogatore_id"] for r in await memorizzate(unita)] == [pandino]


async def test_un_ente_di_un_altro_ambito_si_rifiuta() -> None:
    for altrui in ("Azienda Sociale Cremonese", "D150", "Ente che non c'è"):
        assert "Territorio" in await uno("ente_fuori_ambito", ente_erogatore=altrui)


async def test_chi_lavora_per_un_comune_porta_solo_le_sue_righe() -> None:
    async with prova(comune="G306") as unita:
        contenuto = csv_di(riga(1, comune_titolare="G306"), riga(2))
        esito = await porta(contenuto)
        assert errori(esito) == [(3, "comune_titolare", "comune_fuori_ambito")]
        assert "del tuo comune" in esito.errori[0].messaggio
        tenute = await decidi(esito.lotto or 0, await flussi(), tieni_valide=True, comune="G306")
        assert tenute.importate == 1
        assert [r["comune_titolare"] for r in await memorizzate(unita)] == ["G306"]


async def test_chi_lavora_per_un_comune_vede_solo_le_sue_righe_e_i_suoi_file() -> None:
    async with prova() as unita:
        dell_ambito = await porta(csv_di(riga(1), riga(2, comune_titolare="G306")))
        await unita.esegui("SELECT set_config('capofila.comune', 'G306', true)")
        suo = await service.importa(
            service.FileRicevuto("suo.csv", csv_di(riga(3, comune_titolare="G306"))),
            await flussi(), service.Opzioni(comune="G306"),
        )  # fmt: skip
        assert [r["protocollo_domanda"] for r in await memorizzate(unita)] == ["2025/2", "2025/3"]
        assert [lotto.id for lotto in await consultazione.lotti()] == [suo.lotto]
        with pytest.raises(NonTrovato):
            await consultazione.lotto(dell_ambito.lotto or 0)
        with pytest.raises(NonTrovato):
            await decidi(dell_ambito.lotto or 0, await flussi(), tieni_valide=False)
        await unita.esegui("SELECT set_config('capofila.comune', '', true)")
        assert len(await consultazione.lotti()) == 2


async def test_le_righe_di_un_file_di_un_comune_restano_sue_anche_se_decide_l_ufficio() -> None:
    async with prova() as unita:
        await unita.esegui("SELECT set_config('capofila.comune', 'G306', true)")
        fermo = await service.importa(
            service.FileRicevuto("suo.csv", csv_di(riga(1, comune_titolare="G306"), riga(2))),
            await flussi(), service.Opzioni(comune="G306"),
        )  # fmt: skip
        await unita.esegui("SELECT set_config('capofila.comune', '', true)")
        tenute = await decidi(fermo.lotto or 0, await flussi(), tieni_valide=True)
        assert tenute.importate == fermo.valide == 1
        assert [r["comune_titolare"] for r in await memorizzate(unita)] == ["G306"]


# --- names --------------------------------------------------------------------------------------

NOMI = [
    "D'Angelo",
    "D’Angelo",
    "Dell`Orto",
    "Nicolò Èzio",
    "Łukasiewicz",
    "Шевченко",
    "李小龍",
    "محمد",
    "ਸਿੰਘ",
    "O\\N\\t\\.",
    r"\N",
    "Rossi & Figli <s.n.c.>",
    'Rossi "la Rossa"',
    "Rossi; Bianchi, Verdi",
    "Rossi 😀",
    "Rossi\u00a0Bianchi",
    "'; DROP TABLE prestazione; --",
    "{{ 7 * 7 }} %s %(x)s $1",
    "Null",
]


@pytest.mark.parametrize("nome", NOMI)
async def test_un_nome_si_ritrova_com_era(nome: str) -> None:
    from lxml import etree

    async with prova() as unita:
        esito = await porta(csv_di(riga(1, cognome=nome, nome=nome), riga(2, cognome="Dopo")))
        assert errori(esito) == []
        prima, dopo = await memorizzate(unita)
        assert (prima["cognome"], prima["nome"], dopo["cognome"]) == (nome, nome, "Dopo")
        gruppo, _ = (await rese(unita))[0]
        anagrafica = etree.fromstring(gruppo + "</Beneficiario>")[0]
        assert (anagrafica.get("Cognome"), anagrafica.get("Nome")) == (nome, nome)


@pytest.mark.parametrize(
    ("nome", "codice"),
    [("Ros\tsi", "carattere_non_ammesso"), ("Ros\u202esi", "carattere_non_ammesso"),
     ("Ros\x07si", "carattere_non_ammesso"), ("x" * 37, "lunghezza"), ("", "obbligatorio"),
     ("   ", "obbligatorio")],
    ids=["tabulazione", "verso-rovesciato", "controllo", "lungo", "vuoto", "bianchi"],
)  # fmt: skip
async def test_un_nome_che_nessun_file_puo_portare_si_rifiuta(nome: str, codice: str) -> None:
    await uno(codice, cognome=nome)


async def test_un_carattere_nullo_in_fondo_al_file_e_un_errore_di_riga() -> None:
    contenuto = csv_di(*map(riga, range(1, 500)), riga(500, cognome="Ros\0si"), riga(501))
    async with prova() as unita:
        esito = await porta(contenuto)
        assert errori(esito) == [(501, "cognome", "carattere_non_ammesso")]
        _, trattenuti, _ = await consultazione.lotto(esito.lotto or 0)
        assert [e["riga"] for e in trattenuti] == [501]
        assert await memorizzate(unita) == []


async def test_il_nome_del_file_non_puo_fare_danno() -> None:
    for n, nome in enumerate(("a\0b.csv", "x" * 400 + ".csv", "\udce8.csv", "../../e.csv")):
        async with prova():
            esito = await porta(csv_di(riga(n)), nome)
            visto, _, _ = await consultazione.lotto(esito.lotto or 0)
            assert visto.nome_file.endswith(".csv")
            assert visto.nome_file.isprintable()


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize("lettere", [1, 2, 3])
async def test_un_codice_fiscale_con_omocodia_nel_luogo_e_buono(lettere: int) -> None:
    codice = codice_fiscale(7, omocodia=lettere)
    assert not codice[11:15][1:].isdigit()
    assert await buona("codice_fiscale", codice_fiscale=codice) == codice
    assert await buona("codice_fiscale", codice_fiscale=f" {codice.lower()} ") == codice


async def test_l_omocodia_nella_data_e_valida_ma_lo_schema_dell_inps_non_la_prende() -> None:
    assert "INPS" in await uno("siuss-cf-omocodia", codice_fiscale="RSSMRA80A4MDMQNB")


@pytest.mark.parametrize(
    ("scritto", "codice"),
    [
        ("RSSMRA80A41D142X", "codice_fiscale_controllo"),
        ("RSSMRA80A41D14", "codice_fiscale_forma"),
        ("RSSMRA80A75D142Z", "codice_fiscale_giorno"),
        ("12345678901", "codice_fiscale_controllo"),
        ("=RSSMRA80A41D142Q", "codice_fiscale_forma"),
        ("", "obbligatorio"),
    ],
)
async def test_un_codice_fiscale_sbagliato_si_rifiuta(scritto: str, codice: str) -> None:
    await uno(codice, codice_fiscale=scritto)


@pytest.mark.parametrize(
    ("scritto", "valore"),
    [
        ("1.234,56", "1234.56"), ("1234,56", "1234.56"), ("1234.56", "1234.56"),
        ("€ 1.234,56", "1234.56"), ("1234", "1234.00"), ("1234,5", "1234.50"),
        ("1.234.567,00", "1234567.00"), ("0,01", "0.01"),
    ],
)  # fmt: skip
async def test_un_importo_si_scrive_all_italiana_o_col_punto(scritto: str, valore: str) -> None:
    quote = {"quota_ente": "", "quota_utente": ""}
    assert await buona("importo_mensile", importo_mensile=scritto, **quote) == Decimal(valore)


@pytest.mark.parametrize(
    ("scritto", "codice"),
    [
        ("1.234", "importo_ambiguo"), ("12,345", "importo_decimali"), ("-5,00", "importo_negativo"),
        ("0,00", "importo_zero"), ("dieci", "importo_non_leggibile"), ("1e3", "importo_non_leggibile"),
        ("9" * 13 + ",00", "importo_troppo_grande"), ("1,234.56", "importo_non_leggibile"),
        ("١٢٣", "importo_non_leggibile"), ("", "siuss-periodica-importo"),
    ],
)  # fmt: skip
async def test_un_importo_che_non_si_capisce_si_rifiuta(scritto: str, codice: str) -> None:
    quote = {"quota_ente": "", "quota_utente": ""}
    messaggio = await uno(codice, importo_mensile=scritto, **quote)
    if codice == "importo_ambiguo":
        assert "1234,00" in messaggio


@pytest.mark.parametrize("scritta", ["2025-03-09", "09/03/2025", "9/3/2025"])
async def test_una_data_si_scrive_in_due_modi(scritta: str) -> None:
    assert await buona("data_inizio", data_inizio=scritta) == date(2025, 3, 9)


@pytest.mark.parametrize(
    ("scritta", "codice"),
    [("31/02/2025", "data_inesistente"), ("2025-02-29", "data_inesistente"),
     ("03-09-2025", "data_non_leggibile"), ("2025/03/09", "data_non_leggibile"),
     ("45000", "data_non_leggibile"), ("01/01/1825", "data_fuori_intervallo")],
)  # fmt: skip
async def test_un_giorno_che_non_esiste_si_rifiuta(scritta: str, codice: str) -> None:
    await uno(codice, data_inizio=scritta)


@pytest.mark.parametrize(
    ("campi", "codice"),
    [
        ({"quota_utente": "112,39"}, "siuss-quote-mensile"),
        ({"data_inizio": "2025-06-01", "data_fine": "2025-05-31"}, "siuss-fine-prima-inizio"),
        ({"data_fine": "2035-01-31"}, "siuss-troppi-anni"),
        (
            {
                "codice_prestazione": "A2.20",
                "denominazione_prestazione": "Prova di intervento",
                "presa_in_carico": "no",
                "area_utenza": "",
            },
            "siuss-solo-in-carico",
        ),
        ({"dsu_protocollo": "INPS-ISEE-2025-00000001X-00"}, "siuss-dsu-incompleta"),
        ({"area_utenza": ""}, "siuss-area-mancante"),
        ({"codice_prestazione": "Z9.99"}, "codice_sconosciuto"),
        ({"comune_titolare": "Crema"}, "belfiore"),
        ({"comune_residenza": "Crema"}, "comune_istat"),
        ({"presa_in_carico": "forse"}, "si_no"),
        ({"sina_mobilita": "1"}, "siuss-sina-incompleta"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
async def test_una_regola_non_rispettata_si_dice_con_la_sua_sigla(
    campi: dict[str, str], codice: str
) -> None:
    await uno(codice, **campi)


@pytest.mark.parametrize(
    "cella", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-1+2", '=HYPERLINK("http://x")']
)
async def test_una_formula_nel_testo_si_rifiuta(cella: str) -> None:
    assert "formula" in await uno("formula", cognome=cella)


async def test_un_nome_che_comincia_con_un_trattino_non_e_una_formula() -> None:
    assert await buona("cognome", cognome="-Rossi") == "-Rossi"


# --- years --------------------------------------------------------------------------------------

LUNGA = {"data_inizio": "2024-09-01", "data_fine": "2026-06-30"}


async def test_una_riga_di_piu_anni_diventa_una_prestazione_per_anno() -> None:
    async with prova() as unita:
        esito = await porta(csv_di(riga(1), riga(2, **LUNGA), riga(3)))
        assert (esito.righe, esito.valide, esito.importate, esito.errori_totali) == (3, 3, 5, 0)
        assert [(a.riga, a.codice) for a in avvisi(esito)] == [(3, "siuss-divisa-per-anno")]
        salvate = [
            (r["riga"], r["anno"], str(r["data_inizio"]), str(r["data_fine"]),
             r["importo_mensile"], r["protocollo_domanda"])
            for r in await memorizzate(unita)
        ]  # fmt: skip
        assert salvate[1:4] == [
            (3, 2024, "2024-09-01", "2024-12-31", Decimal("312.40"), "2025/2"),
            (3, 2025, "2025-01-01", "2025-12-31", Decimal("312.40"), "2025/2"),
            (3, 2026, "2026-01-01", "2026-06-30", Decimal("312.40"), "2025/2"),
        ]
        assert salvate[4][0] == 4
        lotto = await unita.riga("SELECT righe, valide, importate FROM lotto WHERE id = $1",
                                 esito.lotto)  # fmt: skip
        assert tuple(lotto) == (3, 3, 5)


async def test_di_una_riga_divisa_entra_tutto_o_niente() -> None:
    async with prova() as unita:
        esito = await porta(csv_di(riga(1, **LUNGA, quota_ente="1,00"), riga(2)), solo_valide=True)
        assert errori(esito) == [(2, "importo_mensile", "siuss-quote-mensile")]
        assert (esito.righe, esito.valide, esito.importate) == (2, 1, 1)
        assert [r["riga"] for r in await memorizzate(unita)] == [3]


async def test_un_comune_fuori_ambito_di_una_riga_divisa_si_dice_una_volta() -> None:
    async with prova():
        esito = await porta(csv_di(riga(1, **LUNGA, comune_titolare="D150")))
        assert errori(esito) == [(2, "comune_titolare", "comune_fuori_ambito")]


async def test_di_una_riga_divisa_l_anno_gia_presente_e_un_duplicato() -> None:
    async with prova():
        await porta(csv_di(riga(1, data_inizio="2025-01-01", data_fine="2025-12-31")))
        esito = await porta(csv_di(riga(1, **LUNGA), riga(2)), "altro.csv", solo_valide=True)
        assert errori(esito) == [(2, "protocollo_domanda", "duplicato")]
        assert (esito.righe, esito.valide, esito.importate) == (2, 1, 3)


async def test_gli_avvisi_uguali_oltre_un_certo_numero_sono_contati() -> None:
    async with prova():
        esito = await porta(csv_di(*(riga(n, area_utenza="2") for n in range(1, 301))))
        uguali = [a for a in esito.avvisi if a.codice == "siuss-sina-mancante"]
        assert len(uguali) == AVVISI_PER_REGOLA + 1
        assert uguali[-1].messaggio == "Dopo questa riga lo stesso avviso vale per altre 100."


# --- columns ------------------------------------------------------------------------------------


async def test_le_colonne_stanno_in_ogni_ordine() -> None:
    nomi = list(reversed(riga()))
    async with prova() as unita:
        assert errori(await porta(csv_di(riga(1), colonne=nomi, separatore=","))) == []
        assert (await memorizzate(unita))[0]["cognome"] == "Rossi"


async def test_le_colonne_sconosciute_si_dicono_e_non_fermano() -> None:
    async with prova():
        esito = await porta(csv_di({**riga(1), "note": "x", "cognme": "y"}))
        assert (errori(esito), esito.importate) == ([], 1)
        assert [(a.riga, a.colonna, a.codice) for a in avvisi(esito)] == [
            (1, "note", "colonna_sconosciuta"), (1, "cognme", "colonna_sconosciuta"),
        ]  # fmt: skip
        assert "Forse intendevi «cognome»" in avvisi(esito)[1].messaggio


async def test_una_colonna_obbligatoria_che_manca_si_dice_una_volta_sola() -> None:
    senza = [nome for nome in riga() if nome not in ("genere", "cognome")]
    async with prova():
        esito = await porta(csv_di(riga(1), riga(2), colonne=senza))
        assert errori(esito) == [
            (1, "cognome", "colonna_mancante"),
            (1, "genere", "colonna_mancante"),
        ]


async def test_una_colonna_doppia_si_rifiuta() -> None:
    async with prova():
        esito = await porta(csv_di(riga(1), colonne=[*riga(), "Cognome"]))
        assert errori(esito) == [(1, "Cognome", "colonna_doppia")]


async def test_un_file_senza_intestazione_o_d_altro_genere_si_riconosce() -> None:
    async with prova():
        esito = await porta(b"Rossi;Maria;1980\nVerdi;Luca;1975\n")
        assert errori(esito)[0] == (1, "", "intestazione")
        assert "separatore" in esito.errori[0].messaggio
        assert esito.importate == 0


async def test_una_riga_con_celle_di_troppo_si_dice_con_il_posto() -> None:
    contenuto = csv_di(riga(1), riga(2)).replace(b"2025/2", b"2025/2;2025/2")
    async with prova():
        esito = await porta(contenuto)
        assert errori(esito) == [(3, "", "celle")]


async def test_un_file_senza_righe_si_rifiuta() -> None:
    async with prova() as unita:
        esito = await porta(csv_di(colonne=list(riga())))
        assert errori(esito) == [(2, "", "nessuna_riga")]
        esito = await porta(csv_di(colonne=list(riga())) + b";;\r\n\r\n")
        assert [e[2] for e in errori(esito)] == ["nessuna_riga"]
        assert await memorizzate(unita) == []


async def test_le_righe_vuote_si_saltano_ma_contano_nel_numero() -> None:
    contenuto = csv_di(riga(1), {}, riga(2, genere="X"), colonne=list(riga())) + b"\r\n\r\n"
    async with prova():
        esito = await porta(contenuto)
        assert errori(esito) == [(4, "genere", "codice_sconosciuto")]
        assert esito.righe == 2


# --- from a spreadsheet -------------------------------------------------------------------------


@pytest.mark.parametrize(("nome", "fai"), [("a.xlsx", xlsx), ("a.ods", ods)])
async def test_un_foglio_di_calcolo_da_le_stesse_prestazioni_del_csv(nome: str, fai: Any) -> None:
    righe = [riga(1, cittadinanza="008"), riga(2, cognome="D’Angelo")]
    colonne = list(righe[0])
    tipi = {"comune_residenza": 19035, "importo_mensile": 312.4, "quota_ente": 200,
            "quota_utente": 112.4, "anno_nascita": 1980, "data_inizio": date(2025, 1, 1),
            "data_fine": date(2025, 12, 31), "prova_mezzi": 1, "area_utenza": 1}  # fmt: skip
    celle = [colonne] + [
        [8 if r[c] == "008" else tipi.get(c, r[c]) for c in colonne] for r in righe
    ]

    async def importate(contenuto: bytes, nome: str) -> list[dict[str, Any]]:
        async with prova() as unita:
            assert errori(await porta(contenuto, nome)) == []
            return [
                {
                    k: v
                    for k, v in r.items()
                    if k not in ("id", "lotto_id", "ambito_id", "conforme_a")
                }
                for r in await memorizzate(unita)
            ]
        raise AssertionError

    dal_foglio = await importate(fai(celle), nome)
    assert dal_foglio == await importate(csv_di(*righe), "a.csv")
    assert [r["cittadinanza"] for r in dal_foglio] == ["008", "380"]


async def test_gli_errori_di_un_foglio_di_calcolo_hanno_la_riga_del_foglio() -> None:
    libro = openpyxl.Workbook()
    assert libro.active is not None
    libro.active.append(list(riga()))
    libro.active.append([])
    libro.active.append(list(riga(1, genere="X").values()))
    uscita = io.BytesIO()
    libro.save(uscita)
    async with prova():
        esito = await porta(uscita.getvalue(), "a.xlsx")
        assert errori(esito) == [(3, "genere", "codice_sconosciuto")]


# --- sizes --------------------------------------------------------------------------------------


@pytest.fixture
def massimo_un_mega(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("CAPOFILA_CARICO_MASSIMO_MB", "1")
    impostazioni.cache_clear()
    yield
    monkeypatch.undo()
    impostazioni.cache_clear()


@pytest.mark.usefixtures("massimo_un_mega")
async def test_un_file_piu_grande_del_massimo_si_rifiuta_senza_leggerlo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def non_si_legge(*_: object) -> None:
        raise AssertionError("the file was read")

    monkeypatch.setattr(service.lettura, "riconosci", non_si_legge)
    monkeypatch.setattr(service, "_impronta_file", non_si_legge)
    async with prova():
        with pytest.raises(TroppoGrande, match=r"2 MB .* massimo è 1: dividilo"):
            await porta(b"\0" * (2 * 1024 * 1024))


async def test_gli_errori_oltre_i_mille_si_contano_ma_non_si_conservano() -> None:
    contenuto = csv_di(*(riga(n, genere="X", prova_mezzi="9") for n in range(700)), riga(700))
    async with prova():
        esito = await porta(contenuto)
        assert (esito.righe, esito.valide, esito.errori_totali) == (701, 1, 1400)
        assert len(esito.errori) == 1000
        assert [e.riga for e in esito.errori] == sorted(e.riga for e in esito.errori)
        visto, trattenuti, _ = await consultazione.lotto(esito.lotto or 0)
        assert (visto.errori_totali, len(trattenuti)) == (1400, 1000)


async def test_il_risultato_ha_la_forma_che_i_programmi_aspettano() -> None:
    async with prova():
        esito = await porta(csv_di(riga(1, genere="X"), riga(2)))
        forma = msgspec.json.decode(msgspec.json.encode(esito))
    assert {"righe", "valide", "errori"} <= set(forma)
    assert (forma["righe"], forma["valide"]) == (2, 1)
    (errore,) = forma["errori"]
    assert set(errore) == {"riga", "colonna", "valore", "codice", "messaggio"}


# --- the database's own word --------------------------------------------------------------------


async def _grezza(unita: Any, **cambi: object) -> None:
    """A row written by SQL as the application could, past every check of ours."""
    buona_ = (await memorizzate(unita))[0]
    valori = {k: v for k, v in buona_.items() if k not in ("id", "ambito_id")}
    valori |= {"protocollo_domanda": "a mano", **cambi}
    nomi = list(valori)
    async with unita.punto_di_ritorno():
        await unita.esegui(
            f"INSERT INTO prestazione ({', '.join(nomi)}) "
            f"VALUES ({', '.join(f'${n}' for n in range(1, len(nomi) + 1))})",
            *valori.values(),
        )


@pytest.mark.parametrize(
    ("cambi", "vincolo"),
    [
        ({"quota_ente": Decimal("1")}, "importi"),
        ({"importo_mensile": Decimal(0), "quota_ente": None, "quota_utente": None}, "importi"),
        ({"importo_mensile": Decimal(-5), "quota_ente": None, "quota_utente": None}, "importi"),
        ({"importo_mensile": None, "quota_ente": None, "quota_utente": None}, "importi"),
        ({"anno": 2024}, "periodi"),
        ({"competenza": None}, "periodi"),
        ({"data_fine": date(2024, 12, 31)}, "periodi"),
        ({"dsu_anno": 2025}, "dsu"),
        ({"conforme_a": None}, "controllata"),
    ],
)
async def test_la_base_dati_stessa_rifiuta_una_riga_che_non_torna(
    cambi: dict[str, object], vincolo: str
) -> None:
    async with prova() as unita:
        await porta(csv_di(riga(1)))
        await _grezza(unita)
        with pytest.raises(asyncpg.CheckViolationError) as caso:
            await _grezza(unita, protocollo_domanda="a mano 2", **cambi)
        assert caso.value.constraint_name == vincolo
        assert len(await memorizzate(unita)) == 2


@pytest.mark.parametrize(
    "cambi",
    [{"lotto_id": 999_999}, {"ente_erogatore_id": 999_999}, {"comune_titolare": "Z000"}],
    ids=lambda cambi: next(iter(cambi)),
)
async def test_la_base_dati_stessa_rifiuta_un_riferimento_che_non_c_e(
    cambi: dict[str, object],
) -> None:
    async with prova() as unita:
        await porta(csv_di(riga(1)))
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await _grezza(unita, **cambi)


async def test_la_base_dati_stessa_rifiuta_una_riga_di_un_altro_ambito() -> None:
    async with prova() as unita:
        await porta(csv_di(riga(1)))
        altro = await unita.valore("SELECT id FROM ambito WHERE slug = 'cremona'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _grezza(unita, ambito_id=altro)


async def test_la_base_dati_stessa_rifiuta_il_lotto_e_l_ente_di_un_altro_ambito() -> None:
    async with prova() as unita:
        await porta(csv_di(riga(1)))
        suo = await unita.valore("SELECT max(id) FROM ente")
        # Ids of enti are unique across ambiti, so one that is not seen here is another's.
        altrui = [n for n in range(1, suo + 200) if not await unita.valore(
            "SELECT true FROM ente WHERE id = $1", n)]  # fmt: skip
        assert altrui
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await _grezza(unita, ente_erogatore_id=altrui[0])


async def test_l_applicazione_non_puo_cambiare_ne_togliere_una_prestazione() -> None:
    async with prova() as unita:
        await porta(csv_di(riga(1)))
        for comando in (
            "UPDATE prestazione SET importo_mensile = 1",
            "UPDATE prestazione SET codice_fiscale = 'X'",
            "DELETE FROM prestazione",
            "TRUNCATE prestazione",
            "DELETE FROM lotto",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with unita.punto_di_ritorno():
                    await unita.esegui(comando)
        assert len(await memorizzate(unita)) == 1


async def test_chi_lavora_per_un_comune_non_puo_scrivere_righe_d_altri_nemmeno_in_sql() -> None:
    async with prova() as unita:
        await porta(csv_di(riga(1, comune_titolare="G306")))
        await unita.esegui("SELECT set_config('capofila.comune', 'G306', true)")
        await unita.esegui("UPDATE lotto SET comune = 'G306'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _grezza(unita, comune_titolare="D142")


# --- what the audit and the error file say ------------------------------------------------------


async def test_il_registro_dice_che_cosa_e_stato_fatto_senza_nomi() -> None:
    async with prova() as unita:
        fermo = await porta(csv_di(riga(1), riga(2, genere="X")))
        await decidi(fermo.lotto or 0, await flussi(), tieni_valide=True)
        voci = await unita.righe(
            "SELECT azione, oggetto, oggetto_id, dettagli FROM registro "
            "WHERE oggetto = 'lotto' ORDER BY id"
        )
        assert [v["azione"] for v in voci] == [
            "prestazioni.importa", "prestazioni.importa", "prestazioni.decidi",
        ]  # fmt: skip
        tutto = repr([dict(v) for v in voci])
        for segreto in ("Rossi", "Maria", codice_fiscale(1), "312"):
            assert segreto not in tutto


async def test_nel_file_degli_errori_una_formula_e_innocua() -> None:
    cattive = ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-1+2", '=HYPERLINK("http://x";"y")']
    async with prova():
        fermo = await porta(
            csv_di(
                *(
                    {**riga(n, cognome=c), "=nota": "x" * 70_000 + "\0"}
                    for n, c in enumerate(cattive)
                )
            )
        )
        _, trattenuti, _ = await consultazione.lotto(fermo.lotto or 0)
    testo = file_errori(trattenuti).decode("utf-8-sig")
    righe = list(csv.DictReader(io.StringIO(testo, newline=""), delimiter=";"))
    assert [r["valore"] for r in righe if r["colonna"] == "cognome"] == [f"'{c}" for c in cattive]
    assert {r["riga"] for r in righe} == {"2", "3", "4", "5", "6"}
    for r in righe:
        for cella in r.values():
            assert cella[:1] not in ("=", "+", "-", "@", "\t", "\r")


# --- anything valid is found again --------------------------------------------------------------

_CONFRONTO: Sequence[str] = (
    "codice_fiscale", "cognome", "nome", "luogo_nascita", "genere", "cittadinanza",
    "comune_residenza", "nazione_residenza", "codice_prestazione", "denominazione_prestazione",
    "protocollo_domanda", "prova_mezzi", "carattere", "tipo_operazione", "data_inizio", "data_fine",
    "data_erogazione", "periodo_erogazione", "importo_mensile", "importo", "quota_ente",
    "quota_utente", "soglia_isee", "dsu_protocollo", "dsu_anno", "dsu_data", "ore_mensili",
    "presa_in_carico", "area_utenza", "sina_mobilita", "sina_strumento_valutazione",
    "sina_necessita_interventi_sociali", "sina_invalidita_civile", "altri_indirizzi",
)  # fmt: skip


def _chiave(record: dict[str, str]) -> tuple[object, ...]:
    return (
        record["codice_fiscale"], normalize("NFC", record["protocollo_domanda"]), record["codice_prestazione"],
        record.get("data_inizio") or record.get("data_erogazione"), record["tipo_operazione"],
    )  # fmt: skip


@given(st.lists(prestazioni_valide(), min_size=1, max_size=12, unique_by=_chiave), st.booleans())
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_ogni_riga_valida_si_ritrova_uguale_nella_tabella(
    record: list[dict[str, str]], virgola: bool
) -> None:
    def scritta(nome: str, valore: str) -> str:
        numero = nome.startswith(("importo", "quota", "soglia", "ore"))
        return valore.replace(".", ",") if virgola and numero else valore

    contenuto = csv_di(*({n: scritta(n, v) for n, v in r.items()} for r in record))
    async with prova() as unita:
        esito = await porta(contenuto)
        assert errori(esito) == []
        assert esito.importate == len(record)
        for scritto, trovato in zip(record, await memorizzate(unita), strict=True):
            for nome in _CONFRONTO:
                valore = trovato[nome]
                atteso = scritto.get(nome)
                # Texts are kept in the form in which equal ones are equal.
                atteso = atteso and normalize("NFC", atteso)
                assert (None if valore is None else str(valore)) == atteso, nome


def test_la_forma_del_csv_di_prova_si_rilegge() -> None:
    testo = csv_di(riga(1)).decode("utf-8-sig")
    (letta,) = csv.DictReader(io.StringIO(testo), delimiter=";")
    assert letta == riga(1)
    assert issubclass(NonTrovato, ErroreCapofila)
