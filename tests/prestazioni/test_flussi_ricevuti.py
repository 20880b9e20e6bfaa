"""Flows of another software brought in: the good ones whole, the faulty ones told or kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import msgspec
import pytest
from tests.prestazioni.casi import (
    avvisi,
    codice_fiscale,
    csv_di,
    flussi,
    memorizzate,
    porta,
    prova,
    riga,
)
from tests.prestazioni.flussi_di_prova import BUONO, DIFETTOSO, SINBA, albero

from capofila.base import attivazioni
from capofila.base.errori import Conflitto, ErroreCapofila, RichiestaNonValida
from capofila.base.plugin import PluginInErrore, Registro
from capofila.hooks import (
    Atto,
    FileNonLeggibile,
    FlussoRicevuto,
    IntestazioneFlusso,
    LettoreFlussi,
    Manifesto,
    Privacy,
    RadiceXML,
    RecordLetto,
    Specie,
    hookimpl,
)
from capofila.prestazioni import flussi_ricevuti
from capofila.prestazioni.service import EsitoImportazione, FileRicevuto, Opzioni, decidi, importa
from capofila.siuss import Lettura

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]

TIENI = "UPDATE ente SET come_ricevuto = true WHERE codice = $1"


def errori(esito: EsitoImportazione) -> list[tuple[int, str, str]]:
    return [(e.riga, e.colonna, e.codice) for e in esito.errori]


async def ricomposto(unita: Any, lotto: int | None, tabella: str = "prestazione") -> bytes:
    """The document, from what is stored of it."""
    intestazione = msgspec.json.decode(
        await unita.valore("SELECT intestazione FROM lotto WHERE id = $1", lotto)
    )
    pezzi, precedente = [intestazione["testata"]], ""
    for r in await unita.righe(
        f"SELECT forma_gruppo, forma_riga FROM {tabella} WHERE lotto_id = $1 ORDER BY riga", lotto
    ):
        gruppo = r["forma_gruppo"] or ""
        if gruppo != precedente:
            pezzi += ["</Beneficiario>" if precedente else "", gruppo]
            precedente = gruppo
        pezzi.append(r["forma_riga"])
    return "".join([*pezzi, "</Beneficiario>" if precedente else "", "</Flusso>"]).encode()


# --- normal mode --------------------------------------------------------------------------------


async def test_un_flusso_buono_entra_e_non_perde_un_attributo() -> None:
    async with prova() as unita:
        esito = await porta(BUONO, "flusso.xml")
        assert errori(esito) == []
        assert (esito.righe, esito.importate, esito.flusso) == (3, 3, "siuss")
        assert albero(await ricomposto(unita, esito.lotto)) == albero(BUONO)
        prima, seconda, terza = await memorizzate(unita)
        assert prima["cognome"] == "D'ESEMPIO \\N 李"
        assert str(prima["importo_mensile"]) == "150.50"
        assert prima["data_inizio"].isoformat() == "2025-01-10"
        assert prima["sina_necessita_interventi_sociali"] == "A2.17 A2.18"
        assert prima["altri_indirizzi"] == '[{"nazione":"642"}]'
        assert seconda["forma_gruppo"] == prima["forma_gruppo"]
        assert (terza["codice_fiscale"], terza["come_ricevuto"]) == (codice_fiscale(2), False)
        crema = await unita.valore("SELECT id FROM ente WHERE codice = 'D142'")
        assert {r["ente_erogatore_id"] for r in await memorizzate(unita)} == {crema}
        assert {r["comune_titolare"] for r in await memorizzate(unita)} == {"D142"}


async def test_i_difetti_di_un_flusso_si_dicono_e_nulla_entra() -> None:
    async with prova() as unita:
        esito = await porta(DIFETTOSO, "flusso.xml")
        assert esito.stato == "da_decidere"
        assert (1, "cf_operatore", "codice_fiscale_controllo") in errori(esito)
        assert (2, "codice_fiscale", "codice_fiscale_controllo") in errori(esito)
        assert (2, "importo_mensile", "siuss-quote-mensile") in errori(esito)
        assert (3, "codice_fiscale", "codice_fiscale_controllo") in errori(esito)
        assert (4, "protocollo_domanda", "obbligatorio") in errori(esito)
        assert [(a.riga, a.colonna) for a in avvisi(esito)] == [(2, "PrestazioniSociali/@Vecchio")]
        assert await memorizzate(unita) == []


DI_PIU_ANNI = BUONO.replace(
    b'DataInizioPrestazione="2025-01-10+01:00"',
    b'DataInizioPrestazione="2024-11-10" DataFinePrestazione="2025-02-28"',
)


async def test_una_prestazione_ricevuta_di_piu_anni_si_divide_e_ha_la_nostra_forma() -> None:
    async with prova() as unita:
        esito = await porta(DI_PIU_ANNI, "flusso.xml")
        assert (errori(esito), esito.righe, esito.valide, esito.importate) == ([], 3, 3, 4)
        salvate = [
            (r["riga"], r["anno"], r["forma_riga"] is None) for r in await memorizzate(unita)
        ]
        assert salvate[:3] == [(2, 2024, True), (2, 2025, True), (3, 2025, False)]


async def test_una_prestazione_di_piu_anni_tenuta_come_ricevuta_non_si_divide() -> None:
    async with prova() as unita:
        await unita.esegui(TIENI, "D142")
        esito = await porta(DI_PIU_ANNI, "flusso.xml")
        assert (esito.righe, esito.valide, esito.importate) == (3, 3, 3)
        assert (2, "siuss-fine-altro-anno") in [(a.riga, a.codice) for a in esito.avvisi]


async def test_un_flusso_di_un_ente_di_un_altro_ambito_si_rifiuta() -> None:
    for contenuto in (BUONO, SINBA):
        async with prova("cremona") as unita:
            esito = await porta(contenuto, "flusso.xml")
            assert (1, "ente_codice", "ente_fuori_ambito") in errori(esito)
            assert await memorizzate(unita) == []
            assert await unita.valore("SELECT count(*) FROM scheda_sinba") == 0


async def test_lo_stesso_flusso_due_volte_e_le_sue_righe_nel_csv_non_raddoppiano() -> None:
    async with prova() as unita:
        await porta(BUONO, "flusso.xml")
        assert (await porta(BUONO, "di-nuovo.xml")).stato == "gia_importato"
        # The same records in a file that differs by a blank.
        esito = await porta(BUONO + b"\n", "flusso.xml")
        assert [(r, c) for r, _, c in errori(esito)] == [(n, "duplicato") for n in (2, 3, 4)]
        stessa = riga(2, ente_erogatore="D142", codice_prestazione="A1.06", protocollo_domanda="3",
                      carattere="occasionale", importo="1,00", data_erogazione="2025-03-01",
                      prova_mezzi="4", data_inizio="", data_fine="", importo_mensile="",
                      quota_ente="", quota_utente="")  # fmt: skip
        assert [c for *_, c in errori(await porta(csv_di(stessa)))] == ["duplicato"]
        assert len(await memorizzate(unita)) == 3


async def test_chi_lavora_per_un_altro_comune_non_porta_il_flusso_di_crema() -> None:
    for tieni in (False, True):
        async with prova() as unita:
            if tieni:
                await unita.esegui(TIENI, "D142")
            await unita.esegui("SELECT set_config('capofila.comune', 'G306', true)")
            esito = await importa(
                FileRicevuto("a.xml", BUONO), await flussi(), Opzioni(comune="G306")
            )
            assert esito.stato == "da_decidere"
            assert esito.importate == 0
            assert "comune_fuori_ambito" in {c for *_, c in errori(esito)}


async def test_un_flusso_si_legge_dal_principio_alla_fine_in_un_solo_filo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """libxml2 aborts the process when a parser passes from a thread to another."""
    fili: set[str] = set()

    def spia(self: Lettura) -> Any:
        fili.add(threading.current_thread().name)
        return vero(self)

    vero = Lettura._prossimo
    monkeypatch.setattr(Lettura, "_prossimo", spia)
    monkeypatch.setattr(flussi_ricevuti, "RECORD_PER_BLOCCO", 1)
    async with prova():
        assert (await porta(BUONO, "flusso.xml")).importate == 3
    assert len(fili) == 1
    assert fili.pop().startswith("importa")


# --- as received --------------------------------------------------------------------------------


async def test_di_un_ente_come_ricevuto_tutto_si_tiene_attributo_per_attributo() -> None:
    async with prova() as unita:
        await unita.esegui(TIENI, "D142")
        esito = await porta(DIFETTOSO, "flusso.xml")
        assert (errori(esito), esito.importate, esito.stato) == ([], 3, "importato")
        assert albero(await ricomposto(unita, esito.lotto)) == albero(DIFETTOSO)
        assert all(r["come_ricevuto"] for r in await memorizzate(unita))
        detti = {(a.riga, a.codice) for a in esito.avvisi}
        assert detti >= {
            (1, "codice_fiscale_controllo"), (2, "codice_fiscale_controllo"),
            (2, "siuss-quote-mensile"), (4, "obbligatorio"), (2, "attributo_sconosciuto"),
        }  # fmt: skip


async def test_un_difetto_di_quote_si_tiene_anche_nella_tabella() -> None:
    async with prova() as unita:
        await unita.esegui(TIENI, "D142")
        await porta(DIFETTOSO, "flusso.xml")
        prima = (await memorizzate(unita))[0]
        assert (str(prima["importo_mensile"]), str(prima["quota_ente"])) == ("150.50", "100.00")


async def test_le_schede_sinba_tornano_attributo_per_attributo() -> None:
    for tieni in (False, True):
        async with prova() as unita:
            if tieni:
                await unita.esegui(TIENI, "D142")
            esito = await porta(SINBA, "minori.xml")
            assert errori(esito) == []
            assert (esito.flusso, esito.righe, esito.importate) == ("siuss-sinba", 2, 2)
            assert albero(await ricomposto(unita, esito.lotto, "scheda_sinba")) == albero(SINBA)
            schede = await unita.righe("SELECT * FROM scheda_sinba ORDER BY riga")
            assert [(s["id_beneficiario"], s["anno"], s["come_ricevuto"]) for s in schede] == [
                ("M-0002", 2025, tieni), ("M-0001", 2025, tieni),
            ]  # fmt: skip
            ripetuta = await porta(SINBA + b"\n", "minori.xml")
            assert [(r, c) for r, _, c in errori(ripetuta)] == [(2, "duplicato"), (3, "duplicato")]


async def test_una_scheda_sinba_sbagliata_si_rifiuta_e_le_buone_si_possono_tenere() -> None:
    rotta = SINBA.replace(b'IDBeneficiario="M-0002"', b'IDBeneficiario="M-0002" LuogoVita="9"')
    rotta = rotta.replace(b' LuogoVita="1"\n   Scuola', b"\n   Scuola", 1)
    async with prova() as unita:
        esito = await porta(rotta, "minori.xml")
        assert errori(esito) == [(2, "luogo_vita", "codice_sconosciuto")]
        assert await unita.valore("SELECT count(*) FROM scheda_sinba") == 0
        tenute = await decidi(esito.lotto or 0, await flussi(), tieni_valide=True)
        assert tenute.importate == 1
        assert await unita.valore("SELECT id_beneficiario FROM scheda_sinba") == "M-0001"


# --- a vendor's reader ---------------------------------------------------------------------------

_ATTO = Atto(specie=Specie.ACCORDO, organo="Comuni", titolo="Accordo di prova")


def archivio_vecchio(*righe: dict[str, str], ente: str = "D142", versione: str = "2") -> bytes:
    """What the old program of an ente writes: its own XML, with the columns as attributes."""
    interventi = "".join(
        f"<Intervento {' '.join(f'{nome}={quoteattr(valore)}' for nome, valore in una.items())}/>\n"
        for una in righe
    )
    return f'<Archivio versione="{versione}" Ente="{ente}">{interventi}</Archivio>'.encode()


class VecchioProgramma:
    """What a vendor ships to an ente that leaves it."""

    flusso = "siuss"

    @hookimpl
    def manifesto(self) -> Manifesto:
        return Manifesto(
            id="vecchio", distretto=None, denominazione="Vecchio programma", versione="1.0",
            contratto="1.1", fornitore="Ditta Esempio", licenza="EUPL-1.2", fonti=(_ATTO,),
            privacy=Privacy(dati_personali=True, dichiarazione="Legge le prestazioni.",
                            categorie=("prestazioni",), base_giuridica=_ATTO),
        )  # fmt: skip

    @hookimpl
    def lettori(self) -> tuple[LettoreFlussi, ...]:
        return (LettoreFlussi(denominazione="vecchio programma", radice=RadiceXML("", "Archivio"),
                              apri=self._apri),)  # fmt: skip

    def _apri(self, file: BinaryIO) -> FlussoRicevuto:
        eventi = ElementTree.iterparse(file, events=("start", "end"))
        _, radice = next(eventi)
        if radice.get("versione") != "2":
            raise FileNonLeggibile("versione", "il file non è della versione 2")
        colonne = tuple(riga(1))

        def record() -> Iterator[RecordLetto]:
            for evento, elemento in eventi:
                if evento == "end" and elemento.tag == "Intervento":
                    celle = tuple(elemento.get(nome, "") for nome in colonne)
                    ignoti = tuple(nome for nome in elemento.attrib if nome not in colonne)
                    yield RecordLetto(celle=celle, ignoti=ignoti)
                    radice.clear()

        intestazione = IntestazioneFlusso("", radice.get("Ente", ""), "", "", "")
        return FlussoRicevuto(
            flusso=self.flusso, colonne=colonne, intestazione=intestazione, record=record()
        )


async def _attiva(unita: Any, monkeypatch: pytest.MonkeyPatch, plugin: object) -> None:
    registro = Registro.carica()
    registro.registra(plugin)
    monkeypatch.setattr(attivazioni, "registro", lambda: registro)
    await unita.esegui("INSERT INTO attivazione (plugin, dal) VALUES ('vecchio', '2020-01-01')")


async def test_il_lettore_di_un_fornitore_porta_dentro_il_file_del_suo_programma(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = archivio_vecchio(
        riga(1, cognome="D'Adda & figli"), riga(2, ente_erogatore="G306", Colore="blu"), riga(3)
    )
    async with prova() as unita:
        with pytest.raises(RichiestaNonValida, match=r"Nessun plugin attivo .* «Archivio»"):
            await porta(file, "archivio.xml")
        await _attiva(unita, monkeypatch, VecchioProgramma())
        # Even of an ente kept as received: this file is not in the layout that goes out.
        await unita.esegui(TIENI, "D142")
        monkeypatch.setattr(flussi_ricevuti, "RECORD_PER_BLOCCO", 2)
        esito = await porta(file, "archivio.xml")
        assert (errori(esito), esito.importate, esito.flusso) == ([], 3, "siuss")
        (avviso,) = avvisi(esito)
        assert (avviso.riga, avviso.colonna) == (3, "Colore")
        assert "non viene importato" in avviso.messaggio
        prima, seconda, _ = await memorizzate(unita)
        assert prima["cognome"] == "D'Adda & figli"
        assert (prima["forma_gruppo"], prima["forma_riga"]) == (None, None)
        pandino = await unita.valore("SELECT id FROM ente WHERE codice = 'G306'")
        assert seconda["ente_erogatore_id"] == pandino
        lotto = await unita.riga("SELECT * FROM lotto WHERE id = $1", esito.lotto)
        assert (lotto["formato"], lotto["come_ricevuto"], lotto["intestazione"]) == (
            "xml", False, None,
        )  # fmt: skip


async def test_gli_errori_di_un_file_del_fornitore_sono_quelli_di_un_foglio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with prova() as unita:
        await _attiva(unita, monkeypatch, VecchioProgramma())
        esito = await porta(
            archivio_vecchio(riga(1), riga(2, importo_mensile="tanto")), "archivio.xml"
        )
        assert esito.stato == "da_decidere"
        assert (3, "importo_mensile") in [(r, c) for r, c, _ in errori(esito)]
        tenute = await decidi(esito.lotto or 0, await flussi(), tieni_valide=True)
        assert tenute.importate == 1
        with pytest.raises(RichiestaNonValida, match="Il file non è della versione 2"):
            await porta(archivio_vecchio(riga(1), versione="1"), "archivio.xml")


async def test_un_lettore_rotto_ferma_l_importazione_e_dice_chi_e(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Rotto(VecchioProgramma):
        def _apri(self, file: BinaryIO) -> FlussoRicevuto:
            raise KeyError(file.read())

    async with prova() as unita:
        await _attiva(unita, monkeypatch, Rotto())
        with pytest.raises(PluginInErrore, match=r"«vecchio» 1\.0 di Ditta Esempio.*KeyError"):
            await porta(archivio_vecchio(riga(1)), "archivio.xml")
        assert await memorizzate(unita) == []


async def test_un_lettore_porta_dentro_solo_per_un_flusso_che_conserva_i_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for flusso, perche in (("assente", "non è attivo"), ("conti", "non si può importare")):
        vecchio = VecchioProgramma()
        vecchio.flusso = flusso
        async with prova() as unita:
            await _attiva(unita, monkeypatch, vecchio)
            noti = await flussi()
            noti["conti"] = msgspec.structs.replace(noti["siuss"], id="conti", principale=False)
            with pytest.raises(Conflitto, match=perche):
                await importa(FileRicevuto("a.xml", archivio_vecchio(riga(1))), noti)


# --- what is hostile or broken ------------------------------------------------------------------

_BOMBA = b'<!DOCTYPE Flusso [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)
) + b"]>"  # fmt: skip
_SENZA_PROLOGO = BUONO.split(b"?>", 1)[1]


@pytest.mark.parametrize(
    ("contenuto", "parola"),
    [
        (_BOMBA + _SENZA_PROLOGO.replace(b'Nome="Zo', b'Nome="&i;Zo'), "DOCTYPE"),
        (b'<!DOCTYPE Flusso [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + _SENZA_PROLOGO, "DOCTYPE"),
        (b'<!DOCTYPE Flusso SYSTEM "http://example.org/x.dtd">' + _SENZA_PROLOGO, "DOCTYPE"),
        (BUONO.replace(b"inps.it/Casellario\"", b"inps.it/Altro\"", 1), "spazio dei nomi"),
        (b"<html><body>Sessione scaduta</body></html>", "html"),
        (b"<Flusso", "XML"),
        (BUONO[:-60], "malformato"),
        (BUONO.replace(b"</SINA>", b"</SINO>"), "riga"),
        (BUONO.replace(b"A2.18", b"<a>" * 30 + b"</a>" * 30), "annidati"),
        (BUONO.replace(b"A2.18", b"x" * 5000), "troppo lungo"),
        (BUONO.replace(b"</Flusso>", b"<Altro/></Flusso>"), "fuori posto"),
    ],
    ids=["bomba", "entita-esterna", "dtd-esterna", "spazio-nomi", "html", "tronco", "interrotto",
         "malformato", "profondo", "lungo", "fuori-posto"],
)  # fmt: skip
async def test_un_xml_ostile_o_rotto_si_rifiuta_e_nulla_resta(
    contenuto: bytes, parola: str
) -> None:
    async with prova() as unita:
        await unita.esegui(TIENI, "D142")
        with pytest.raises(ErroreCapofila) as caso:
            async with unita.punto_di_ritorno():
                await porta(contenuto, "flusso.xml")
        assert isinstance(caso.value, RichiestaNonValida)
        assert parola in caso.value.messaggio
        assert await memorizzate(unita) == []
        assert await unita.valore("SELECT count(*) FROM lotto") == 0
