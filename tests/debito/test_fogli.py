"""Workbooks, lists on paper and division into files of a vendor's flow: through the job, into the store."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import openpyxl
import pytest
from tests.debito.casi import contenuto, esporta, importa, sql
from tests.prestazioni.casi import contesto, csv_di, riga

from capofila.base import attivazioni
from capofila.base.archivio import archivio
from capofila.base.database import unita_di_lavoro
from capofila.base.errori import DatiNonValidi
from capofila.base.impostazioni import Impostazioni
from capofila.base.plugin import Registro
from capofila.debito import service
from capofila.debito.involucri import _Carta
from capofila.debito.rules import Taglio, taglio_del_flusso
from capofila.hooks import (
    Atto,
    ColonnaCSV,
    ColonnaFoglio,
    DivisioneFile,
    Flusso,
    FormaFoglio,
    IntestazioneFlusso,
    Manifesto,
    PerFile,
    Privacy,
    RegolaNome,
    Specie,
    TracciatoCSV,
    TracciatoPdf,
    TracciatoXlsx,
    hookimpl,
)
from capofila.siuss import FLUSSO_PRESTAZIONI

pytestmark = pytest.mark.anyio

ATTO = Atto(specie=Specie.ACCORDO, organo="Comuni", titolo="Accordo di prova", numero="1")
CAMPI = ("protocollo_domanda", "cognome", "importo_mensile", "data_inizio")
COLONNE = (
    ColonnaFoglio("Protocollo", "protocollo_domanda"),
    ColonnaFoglio("Cognome", "cognome", larghezza=30),
    ColonnaFoglio("Importo", "importo_mensile", FormaFoglio.NUMERO),
    ColonnaFoglio("Dal", "data_inizio", FormaFoglio.DATA),
)


def flusso(id_: str, **altro: Any) -> Flusso:
    campi = FLUSSO_PRESTAZIONI.campi_per_nome
    tracciato = altro.pop("tracciato")
    return Flusso(
        **{
            "id": id_, "denominazione": f"Elenco {id_}", "destinatario": "Ragioneria",
            "versione_schema": "1", "fonte": "prestazioni", "regole": (),
            "campi": tuple(msgspec.structs.replace(campi[n], predefinito=None) for n in CAMPI),
            "tracciato": tracciato, "fonti_normative": ("Accordo di prova",),
            "estensione": getattr(tracciato, "estensione", "csv"),
            "media_type": getattr(tracciato, "media_type", "text/csv"), **altro,
        }
    )  # fmt: skip


FOGLIO = flusso("foglio", tracciato=TracciatoXlsx(COLONNE, foglio="Prestazioni"))
ELENCO = flusso(
    "elenco", tracciato=TracciatoPdf(COLONNE, massimo_record=2),
    regola_nome=RegolaNome(sigla="EL", cifre=3, modello="{sigla}-{giorno}_{ente}_"),
)  # fmt: skip
PER_COMUNE = flusso(
    "per-comune", tracciato=TracciatoXlsx(COLONNE),
    divisione=DivisioneFile(per=PerFile.COMUNE, fonte="Accordo di prova"),
)  # fmt: skip
PER_MESE = flusso(
    "per-mese",
    tracciato=TracciatoCSV(tuple(ColonnaCSV(n, n) for n in CAMPI), segno_ordine=False),
    divisione=DivisioneFile(per=PerFile.MESE, massimo_record=2),
)  # fmt: skip


class PluginDiProva:
    """A vendor of files for people."""

    @hookimpl
    def manifesto(self) -> Manifesto:
        return Manifesto(
            id="crema_fogli", distretto="crema", denominazione="Fogli di prova", versione="1.0",
            contratto="1.6", fornitore="Ditta Esempio", licenza="EUPL-1.2", fonti=(ATTO,),
            privacy=Privacy(dati_personali=False, dichiarazione="Solo importi e protocolli."),
        )  # fmt: skip

    @hookimpl
    def flussi(self) -> tuple[Flusso, ...]:
        return (FOGLIO, ELENCO, PER_COMUNE, PER_MESE)


@pytest.fixture
def con_plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    registro = Registro.carica()
    registro.registra(PluginDiProva())
    monkeypatch.setattr(attivazioni, "registro", lambda: registro)
    return


async def attiva() -> None:
    await sql("INSERT INTO attivazione (plugin, dal) VALUES ('crema_fogli', '2020-01-01')")


async def file_di(id_: str) -> list[tuple[service.Parte, bytes]]:
    """The files of a run that was cut, from the store."""
    async with unita_di_lavoro(await contesto("crema")):
        parti = await service.parti(UUID(id_))
    letti = []
    for parte in parti:
        dove = parte.oggetto
        pezzi = archivio().leggi_a_flusso(dove.bucket, dove.oggetto, dove.versione)
        letti.append((parte, b"".join([pezzo async for pezzo in pezzi])))
    return letti


def celle(xlsx: bytes) -> list[tuple[Any, ...]]:
    foglio = openpyxl.load_workbook(io.BytesIO(xlsx)).worksheets[0]
    return [tuple(riga) for riga in foglio.iter_rows(values_only=True)]


@pytest.mark.usefixtures("con_plugin")
async def test_un_foglio_ha_testi_numeri_e_giorni_ed_e_sempre_lo_stesso(
    lavora: Impostazioni,
) -> None:
    await attiva()
    await importa(csv_di(riga(1, cognome="D’Angelo & figli"), riga(2)))
    fatta = await esporta(flusso="foglio")
    assert (fatta.stato, fatta.righe, fatta.parti) == ("sigillata", 2, 0)
    assert fatta.nome_flusso == "D142.FOGLIO.20260301.0000001"
    xlsx = await contenuto(fatta)
    prima, seconda, terza = celle(xlsx)
    assert prima == ("Protocollo", "Cognome", "Importo", "Dal")
    assert seconda[:3] == ("2025/1", "D’Angelo & figli", 312.4)
    assert seconda[3].date() == date(2025, 1, 1)
    assert terza[0] == "2025/2"
    with zipfile.ZipFile(io.BytesIO(xlsx)) as cartella:
        assert cartella.testzip() is None
        assert {voce.date_time for voce in cartella.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert 'name="Prestazioni"' in cartella.read("xl/workbook.xml").decode()
    ancora = await esporta(flusso="foglio", nuova=True)
    assert (ancora.id, ancora.sha256) != (fatta.id, None)
    assert ancora.sha256 == fatta.sha256
    async with unita_di_lavoro(await contesto("crema")):
        manifesto = await service.manifesto_di(UUID(fatta.id))
    assert (manifesto["sha256"], manifesto["conteggi"]["byte"]) == (fatta.sha256, len(xlsx))


@pytest.mark.usefixtures("con_plugin")
async def test_un_file_per_comune_ognuno_con_il_suo_manifesto(lavora: Impostazioni) -> None:
    await attiva()
    # The same person in both comuni: she is one in the run, and one in each file.
    await importa(
        csv_di(
            riga(1), riga(2, comune_titolare="G306"), riga(3),
            riga(1, comune_titolare="G306", protocollo_domanda="2025/9"),
        )
    )  # fmt: skip
    fatta = await esporta(flusso="per-comune")
    assert (fatta.stato, fatta.righe, fatta.parti) == ("sigillata", 4, 2)
    protocolli = [[una[0] for una in celle(file)[1:]] for _, file in await file_di(fatta.id)]
    assert protocolli == [["2025/1", "2025/3"], ["2025/9", "2025/2"]]
    async with unita_di_lavoro(await contesto("crema")):
        insieme = await service.manifesto_di(UUID(fatta.id))
        una = await service.manifesto_di(UUID(fatta.id), 2)
    assert insieme["conteggi"]["beneficiari"] == 3
    assert [parte["chiave"] for parte in insieme["parti"]] == ["D142", "G306"]
    assert una["parte"]["chiave"] == "G306"
    assert una["conteggi"]["beneficiari"] == 2


@pytest.mark.usefixtures("con_plugin")
async def test_un_file_per_mese_e_mai_piu_record_di_quanti_ne_vuole(lavora: Impostazioni) -> None:
    await attiva()
    await importa(
        csv_di(
            *(riga(n) for n in range(1, 6)),
            *(riga(n, data_inizio="01/03/2025") for n in (6, 7)),
        )
    )
    fatta = await esporta(flusso="per-mese")
    file = await file_di(fatta.id)
    righe = [contenuto.decode().splitlines()[1:] for _, contenuto in file]
    assert [[una.split(";")[0] for una in delle] for delle in righe] == [
        ["2025/1", "2025/2"], ["2025/3", "2025/4"], ["2025/5"], ["2025/6", "2025/7"],
    ]  # fmt: skip
    assert [parte.righe for parte, _ in file] == [2, 2, 1, 2]
    async with unita_di_lavoro(await contesto("crema")):
        insieme = await service.manifesto_di(UUID(fatta.id))
    assert [parte["chiave"] for parte in insieme["parti"]] == ["2025-01"] * 3 + ["2025-03"]


@pytest.mark.usefixtures("con_plugin")
async def test_un_elenco_su_carta_e_leggibile_diviso_e_chiamato_come_vuole_chi_lo_riceve(
    lavora: Impostazioni,
) -> None:
    await attiva()
    await importa(csv_di(*(riga(n, cognome=f"Rossi #{'ab'[n % 2]} *x*") for n in range(1, 4))))
    fatta = await esporta(flusso="elenco")
    assert (fatta.stato, fatta.righe, fatta.parti) == ("sigillata", 3, 2)
    nomi = [parte.nome_flusso for parte, _ in await file_di(fatta.id)]
    assert nomi == ["EL-20260301_D142_001", "EL-20260301_D142_002"]
    for _, pdf in await file_di(fatta.id):
        assert pdf.startswith(b"%PDF-")
        assert b"pdfuaid:part" in pdf
    altra = await esporta(flusso="elenco", nuova=True)
    assert altra.nome_flusso == "EL-20260301_D142_003"
    grande = await esporta(flusso="elenco", nuova=True, taglio=Taglio(massimo_byte=10_000_000))
    assert grande.stato == "respinta"
    assert "PDF non si divide per dimensione" in grande.avvisi[0]["messaggio"]


@pytest.mark.usefixtures("con_plugin")
@pytest.mark.parametrize("quale", ["foglio", "elenco", "per-mese"])
async def test_senza_record_si_dice_che_non_c_e_niente(lavora: Impostazioni, quale: str) -> None:
    await attiva()
    fatta = await esporta("2019", flusso=quale)
    assert fatta.stato == "respinta"
    assert "nessuna prestazione" in fatta.avvisi[0]["messaggio"]


class _Raccoglie:
    """What a document is written to, in memory."""

    def __init__(self) -> None:
        self.dati = b""

    async def scrivi(self, dati: bytes) -> None:
        self.dati += dati

    async def chiudi(self) -> None:
        return None


async def test_lo_stesso_elenco_ha_gli_stessi_byte_e_mai_piu_record_del_suo_massimo() -> None:
    tracciato = ELENCO.tracciato
    assert isinstance(tracciato, TracciatoPdf)
    testata = tracciato.testata(IntestazioneFlusso("N", "D142", "Ente «di prova»", "D142", ""))
    colonne = {"cognome": ["Rossi", "Æ 😀"], "importo_mensile": ["1234.50", None],
               "data_inizio": ["2025-03-01", "1899-01-01"]}  # fmt: skip
    righe = tracciato.resa_riga().rendi(colonne, 2)
    assert righe[0] == '["","Rossi","1.234,50","01/03/2025"]\n'
    usciti = []
    for _ in range(2):
        raccolto = _Raccoglie()
        carta = _Carta(ELENCO, tracciato, raccolto)  # type: ignore[arg-type]
        await carta.scrivi(testata)
        await carta.scrivi("".join(righe).encode())
        await carta.chiudi()
        usciti.append(raccolto.dati)
    assert usciti[0] == usciti[1]
    carta = _Carta(ELENCO, tracciato, _Raccoglie())  # type: ignore[arg-type]
    await carta.scrivi(testata + "".join(righe * 2).encode())
    with pytest.raises(RuntimeError, match="more records"):
        await carta.chiudi()


def test_la_misura_scelta_sta_dentro_quella_dichiarata() -> None:
    assert taglio_del_flusso(Taglio(), FLUSSO_PRESTAZIONI) == Taglio()
    stretto = msgspec.structs.replace(
        FOGLIO, divisione=DivisioneFile(massimo_byte=20_000, massimo_record=9)
    )
    assert taglio_del_flusso(Taglio(50_000, 3), stretto) == Taglio(20_000, 3, 9)
    assert taglio_del_flusso(Taglio(15_000), stretto).massimo_byte == 15_000
    assert taglio_del_flusso(Taglio(), FOGLIO).massimo_record == 1_048_575
    with pytest.raises(DatiNonValidi):
        taglio_del_flusso(Taglio(15_000), ELENCO)


@pytest.mark.parametrize(
    ("campi", "perche"),
    [
        ({"estensione": "xls"}, "the file is a xlsx"),
        ({"principale": True}, "records do not come in"),
        ({"tracciato": TracciatoXlsx((ColonnaFoglio("A", "altro"),))}, "an unknown field"),
        (
            {"tracciato": TracciatoXlsx((ColonnaFoglio("A", "cognome", FormaFoglio.DATA),))},
            "not a form",
        ),
        (
            {"fonte": "sinba", "divisione": DivisioneFile(per=PerFile.MESE)},
            "no day",
        ),
    ],
)
def test_un_flusso_che_non_puo_essere_un_foglio_si_rifiuta(
    campi: dict[str, Any], perche: str
) -> None:
    with pytest.raises(ValueError, match=perche):
        msgspec.structs.replace(FOGLIO, **campi)


@pytest.mark.parametrize(
    "fai",
    [
        lambda: ColonnaFoglio(" ", "a"),
        lambda: ColonnaFoglio("A", "a", FormaFoglio.DATA, {"a": "b"}),
        lambda: TracciatoXlsx(()),
        lambda: TracciatoXlsx(COLONNE, foglio="a/b"),
        lambda: TracciatoPdf(COLONNE, massimo_record=2001),
        lambda: TracciatoPdf(COLONNE * 6),
        lambda: DivisioneFile(),
        lambda: DivisioneFile(massimo_record=0),
        lambda: DivisioneFile(massimo_byte=10),
        lambda: msgspec.structs.replace(ELENCO, divisione=DivisioneFile(massimo_byte=50_000)),
        lambda: RegolaNome(sigla="A", modello="{ente}."),
        lambda: RegolaNome(sigla="A", modello="{ente}.{giorno}"),
        lambda: RegolaNome(sigla="A", modello="{ente}/{giorno}."),
        lambda: RegolaNome(sigla="A", modello="{ente}.{giorno}.{ente}."),
    ],
)
def test_una_forma_impossibile_si_rifiuta(fai: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        fai()


def test_un_nome_si_rilegge() -> None:
    for modello in ("{ente}.{sigla}.{giorno}.", "{sigla}-{giorno}_{ente}_", "{giorno}.x.{ente}-"):
        regola = RegolaNome(sigla="AB", modello=modello)
        nome = regola.nome("D142", date(2026, 3, 1), 7)
        assert nome.endswith("0000007")
        assert regola.giorno(nome, "D142") == date(2026, 3, 1)
    with pytest.raises(ValueError, match="not a name of these"):
        RegolaNome(sigla="AB").giorno("altro", "D142")
