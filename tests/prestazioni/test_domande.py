"""The ledger behind the records: domande, decisions, payments, over HTTP and in the database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import asyncpg
import httpx
import pytest
from lxml import html as albero
from tests.conftest import Banca
from tests.isolamento.conftest import Navigatore
from tests.prestazioni.casi import codice_fiscale, contesto, csv_di, interroga, porta, riga
from tests.prestazioni.test_moduli import Entra, entra, errori

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import Conflitto, DatiNonValidi
from capofila.prestazioni import domande, versioni
from capofila.prestazioni.contabilita import Somme

__all__ = ["entra"]

pytestmark = pytest.mark.anyio

OGGI = date(2025, 4, 10)
DOMANDA = {
    "codice_fiscale": codice_fiscale(3001), "cognome": "Domanda <b>", "nome": "Prova",
    "comune_titolare": "D142", "protocollo": "DOM/1", "presentata_il": "10/12/2024",
    "codice_prestazione": "A2.07", "richiesta": "Aiuto a casa",
}  # fmt: skip
ACCOLTA = {
    "esito": "accolta", "atto_organo": "Ufficio di Piano", "atto_numero": "12",
    "atto_data": "20/12/2024", "dal": "01/01/2025", "al": "31/03/2025",
    "importo_mensile": "312,40", "quota_ente": "200,00", "quota_utente": "112,40",
}  # fmt: skip


def parole(risposta: httpx.Response) -> str:
    return " ".join(str(albero.fromstring(risposta.text).xpath("//main")[0].text_content()).split())


async def _record(n: int, **campi: str) -> int:
    async with unita_di_lavoro(await contesto("crema")) as unita:
        await porta(csv_di(riga(n, **campi)), f"domanda-{n}.csv")
        id_: int = await unita.valore(
            "SELECT id FROM prestazione WHERE codice_fiscale = $1", codice_fiscale(n)
        )
    return id_


async def _ente(cliente: Navigatore, dove: str, nome: str) -> str:
    pagina = albero.fromstring((await cliente.get(f"{dove}/pagamento")).text)
    (valore,) = pagina.xpath(f"//select[@name='ente']/option[contains(., '{nome}')]/@value")
    return str(valore)


async def test_dalla_domanda_ai_pagamenti(entra: Entra) -> None:
    cliente = await entra("rita.crema")
    vuota = await cliente.vai(
        "POST", "/crema/domande/nuova", {"cognome": '"><i>', "presentata_il": "x"}
    )
    assert vuota.status_code == 422
    assert len(errori(vuota)) == 6
    assert "&lt;i&gt;" in vuota.text
    fatta = await cliente.vai("POST", "/crema/domande/nuova", DOMANDA)
    dove = fatta.headers["location"]
    ancora = await cliente.vai("POST", "/crema/domande/nuova", DOMANDA)
    assert ancora.headers["location"] == dove, "the same domanda is found, not doubled"
    pagina = await cliente.get(dove)
    assert "Domanda &lt;b&gt; Prova" in pagina.text
    assert "Senza decisione" in pagina.text

    storta = await cliente.vai("POST", f"{dove}/decisione", ACCOLTA | {"quota_utente": "1,00"})
    assert storta.status_code == 422
    assert errori(storta) == [
        "Le quote insieme devono fare l’importo, oppure vanno lasciate vuote."
    ]
    for sbagliata in (
        {"esito": "respinta"}, {"esito": "boh"}, {"al": "31/12/2024"}, {"dal": ""},
        {"importo": "5,00"}, {"atto_numero": ""}, {"importo_mensile": "0,00"},
    ):  # fmt: skip
        risposta = await cliente.vai("POST", f"{dove}/decisione", ACCOLTA | sbagliata)
        assert risposta.status_code == 422, sbagliata
    assert (await cliente.vai("POST", f"{dove}/decisione", ACCOLTA)).status_code == 303
    assert "Ufficio di Piano, n. 12" in parole(await cliente.get(dove))
    ripreso = albero.fromstring((await cliente.get(f"{dove}/decisione")).text)
    assert ripreso.xpath("//input[@name='atto_numero']/@value") == ["12"]
    assert ripreso.xpath("//input[@name='importo_mensile']/@value") == [""]
    altra = albero.fromstring((await (await entra("olga.crema")).get(f"{dove}/decisione")).text)
    assert altra.xpath("//input[@name='atto_numero']/@value") == [""], "an act of her own"

    # No period yet: nothing to pay.
    azienda = await _ente(cliente, dove, "Comunità Sociale")
    pagamento = {
        "ente": azienda, "competenza": "01/2025", "pagato_il": "05/02/2025",
        "importo": "312,40", "mandato": "M1",
    }  # fmt: skip
    senza = await cliente.vai("POST", f"{dove}/pagamento", pagamento)
    assert senza.status_code == 422
    assert any("Nessun periodo" in voce for voce in errori(senza))

    # The record, prefilled from the domanda, belongs to it by what it says.
    numero = dove.rsplit("/", 1)[1]
    modulo = (await cliente.get(f"/crema/prestazioni/nuova?domanda={numero}")).text
    assert 'value="DOM/1"' in modulo
    await _record(3001, protocollo_domanda="DOM/1", data_fine="2025-03-31")
    assert "937,20" in parole(await cliente.get(dove))

    assert (await cliente.vai("POST", f"{dove}/pagamento", pagamento)).status_code == 303
    pagina = await cliente.get(dove)
    assert "Comunità Sociale" in pagina.text
    assert "624,80" in parole(pagina)
    troppo = pagamento | {"importo": "900,00", "quota_ente": "900,00", "mandato": "M2"}
    fermo = await cliente.vai("POST", f"{dove}/pagamento", troppo)
    assert fermo.status_code == 422
    assert "supera quanto è stato concesso di 275,20 €" in fermo.text
    assert 'value="900,00"' in fermo.text
    voluto = await cliente.vai("POST", f"{dove}/pagamento", troppo | {"oltre": "si"})
    assert voluto.status_code == 303
    pagina = await cliente.get(dove)
    assert "Oltre il concesso" in pagina.text

    storni = albero.fromstring(pagina.text).xpath("//a[contains(@href, '/storna')]/@href")
    chiesto = await cliente.get(storni[1])
    assert "900,00" in chiesto.text
    assert (await cliente.vai("POST", storni[1], {})).status_code == 303
    assert (await cliente.vai("POST", storni[1], {})).status_code == 409
    pagina = await cliente.get(dove)
    assert "Oltre il concesso" not in pagina.text
    assert "Stornato" in pagina.text
    assert "624,80" in parole(pagina)


async def test_un_record_importato_ha_la_sua_domanda(entra: Entra) -> None:
    cliente = await entra("olga.crema")
    id_ = await _record(3002, protocollo_domanda="DOM/2", cognome="Importata")
    assert "Domanda e pagamenti" in (await cliente.get(f"/crema/prestazioni/{id_}")).text
    fatta = await cliente.vai("POST", f"/crema/prestazioni/{id_}/domanda", {})
    dove = fatta.headers["location"]
    assert "01/01/2025" in parole(await cliente.get(dove))
    ancora = await cliente.vai("POST", f"/crema/prestazioni/{id_}/domanda", {})
    assert ancora.headers["location"] == dove


async def test_le_domande_che_solo_i_record_dicono_ci_sono_senza_aprirle(
    entra: Entra, ambiti: Banca
) -> None:
    cliente = await entra("olga.crema")
    id_ = await _record(3010, protocollo_domanda="NUDA/1", cognome="Mai Aperta")
    altro = await _record(3011, protocollo_domanda="NUDA/2", cognome="Mai Aperta")
    quante = "SELECT count(*) FROM domanda WHERE protocollo LIKE 'NUDA/%'"

    elenco = parole(await cliente.get("/crema/domande"))
    assert "NUDA/1" in elenco
    assert "Senza decisione" in elenco
    for cerca in ("mai ap", codice_fiscale(3010).lower()):
        trovate = await cliente.vai("POST", "/crema/domande/cerca", {"persona": cerca})
        assert "NUDA/1" in parole(trovate)
        assert ("NUDA/2" in parole(trovate)) is (cerca == "mai ap")
    assert "NUDA/1" not in parole(
        await cliente.vai("POST", "/crema/domande/cerca", {"persona": "Nessuno%"})
    )
    corta = await cliente.vai("POST", "/crema/domande/cerca", {"persona": "x"})
    assert corta.status_code == 422

    pagina = await cliente.get(f"/crema/prestazioni/{id_}/domanda")
    assert pagina.status_code == 200
    assert "NUDA/1" in parole(pagina)
    assert "3.748,80" in parole(pagina), "twelve months of 312,40"
    assert (await interroga(ambiti.superutente, quante))[0][0] == 0, "looking writes nothing"
    scritta = await cliente.vai(
        "POST", f"/crema/prestazioni/{id_}/domanda", {"azione": "decisione"}
    )
    assert scritta.headers["location"].endswith("/decisione")
    dove = scritta.headers["location"].removesuffix("/decisione")
    poi = await cliente.get(f"/crema/prestazioni/{id_}/domanda")
    assert poi.headers["location"] == dove
    elenco = (await cliente.get("/crema/domande")).text
    assert elenco.count("NUDA/1") == 1, "a domanda is listed once, written down or not"
    assert f"/crema/prestazioni/{altro}/domanda" in elenco


async def test_le_pagine_dell_elenco_non_saltano_e_non_ripetono(
    entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3020, 3027):
        id_ = await _record(n, protocollo_domanda=f"PAG/{n}", cognome="Paginetti")
        if n % 2:
            async with unita_di_lavoro(await contesto("crema")):
                await domande.apri_da(await versioni.leggi(id_))
    monkeypatch.setattr(domande, "PER_PAGINA", 2)
    visti: list[str] = []
    for pagina in range(1, 6):
        async with unita_di_lavoro(await contesto("crema")):
            righe = await domande.elenco("", None, OGGI, pagina, "Paginetti")
        assert (len(righe) > 2) is (pagina < 4)
        visti += [riga.protocollo for riga in righe[:2]]
    assert visti == [f"PAG/{n}" for n in (3025, 3023, 3021, 3026, 3024, 3022, 3020)]


async def test_cio_che_non_torna_con_la_decisione_si_dice(entra: Entra) -> None:
    cliente = await entra("rita.crema")
    id_ = await _record(3030, protocollo_domanda="TORNA/1", data_fine="2025-06-30")
    dove = (await cliente.vai("POST", f"/crema/prestazioni/{id_}/domanda", {})).headers["location"]
    decisa = {k: v for k, v in ACCOLTA.items() if not k.startswith("quota")}
    await cliente.vai("POST", f"{dove}/decisione", decisa | {"importo_mensile": "300,00"})
    pagina = parole(await cliente.get(dove))
    assert "Deciso900,00 €" in pagina
    assert "Residuo900,00 €" in pagina
    assert "Periodo fuori dalla decisione. Il periodo dal 01/01/2025 al 30/06/2025" in pagina
    assert "l’importo è 312,40 € al mese e la decisione concede 300,00 €" in pagina
    assert "fanno 1.874,40 € e le decisioni ne concedono 900,00: 974,40 € di troppo" in pagina
    azienda = await _ente(cliente, dove, "Comunità Sociale")
    for mese, mandato in (("01", "M1"), ("02", "M2"), ("03", "M3")):
        pagamento = {
            "ente": azienda, "competenza": f"{mese}/2025", "pagato_il": "05/04/2025",
            "importo": "312,40", "mandato": mandato, "azione": "altro",
        }  # fmt: skip
        risposta = await cliente.vai("POST", f"{dove}/pagamento", pagamento)
        if mese == "03":
            assert risposta.status_code == 422
            assert "si supera di 37,20 € quanto è stato deciso" in risposta.text
            risposta = await cliente.vai("POST", f"{dove}/pagamento", pagamento | {"oltre": "si"})
        assert risposta.headers["location"] == f"{dove}/pagamento"
        prossimo = await cliente.get(f"{dove}/pagamento")
        assert f'value="0{int(mese) + 1}/2025"' in prossimo.text, "the first month not paid yet"
    pagina = parole(await cliente.get(dove))
    assert "Residuo-37,20 €" in pagina
    assert "Pagato oltre il deciso." in pagina


async def test_una_dopo_l_altra_si_riprende_cio_che_e_uguale_e_chi_si_conosce(
    entra: Entra,
) -> None:
    cliente = await entra("rita.crema")
    await _record(3040, protocollo_domanda="SERIE/0", cognome="Conosciuta", nome="Da <b> Prima")
    prima = DOMANDA | {"protocollo": "SERIE/1", "codice_fiscale": codice_fiscale(3041)}
    fatta = await cliente.vai("POST", "/crema/domande/nuova", prima | {"azione": "nuova"})
    assert "/crema/domande/nuova?dopo=" in fatta.headers["location"]
    modulo = albero.fromstring((await cliente.get(fatta.headers["location"])).text)
    assert modulo.xpath("//select[@name='comune_titolare']/option[@selected]/@value") == ["D142"]
    assert modulo.xpath("//input[@name='presentata_il']/@value") == ["10/12/2024"]
    assert modulo.xpath("//input[@name='cognome']/@value") == [""]
    primo = modulo.xpath("//form[contains(@class, 'modulo')]//button[1]/@value")[0]
    assert primo == "nuova", "what the Enter key does"

    nota = await cliente.vai(
        "POST", "/crema/domande/persona", {"codice_fiscale": codice_fiscale(3040).lower()}
    )
    assert 'value="Conosciuta"' in nota.text
    assert "Da &lt;b&gt; Prima" in nota.text
    assert "SERIE/0" in nota.text
    scritta = await cliente.vai(
        "POST", "/crema/domande/persona",
        {"codice_fiscale": codice_fiscale(3040), "cognome": "Mio", "nome": "Gia"},
    )  # fmt: skip
    assert "Conosciuta" not in scritta.text
    storto = await cliente.vai("POST", "/crema/domande/persona", {"codice_fiscale": "RSSMRA"})
    assert "campo-errore" in storto.text
    pia = await entra("pia.pandino")
    altrui = await pia.vai(
        "POST", "/crema/domande/persona", {"codice_fiscale": codice_fiscale(3040)}
    )
    assert "Conosciuta" not in altrui.text
    assert "SERIE" not in altrui.text


async def test_un_pagamento_segue_il_record_corretto(entra: Entra, ambiti: Banca) -> None:
    id_ = await _record(3003, protocollo_domanda="DOM/3")
    async with unita_di_lavoro(await contesto("crema")):
        record = await versioni.leggi(id_)
        domanda = await domande.apri_da(record)
        nuovo = domande.PagamentoNuovo(
            ente_erogatore_id=record["ente_erogatore_id"], competenza=date(2025, 1, 1),
            pagato_il=date(2025, 2, 1), importo=Decimal("312.40"), mandato="M",
        )  # fmt: skip
        pagamento = await domande.paga(domanda, nuovo, OGGI)
    from capofila.siuss import FLUSSO_PRESTAZIONI

    async with unita_di_lavoro(await contesto("crema")):
        valori = versioni.per_modulo(FLUSSO_PRESTAZIONI, record)
        esito = await versioni.salva(
            FLUSSO_PRESTAZIONI,
            valori | {"importo_mensile": "400,00", "quota_ente": "287,60"},
            sostituisce=id_,
        )
        assert esito.errori == []
        intero = await domande.fascicolo(domanda, OGGI)
        (periodo,) = intero.situazioni
        assert periodo.periodo.id == esito.prestazioni[0]
        assert periodo.pagato.importo == Decimal("312.40")
        with pytest.raises(DatiNonValidi, match="come si divide"):
            await domande.paga(domanda, nuovo, OGGI)
        await versioni.elimina(esito.prestazioni[0])
        intero = await domande.fascicolo(domanda, OGGI)
        assert intero.fuori.importo == Decimal("312.40")
        await domande.storna(pagamento, "", OGGI)
        assert (await domande.fascicolo(domanda, OGGI)).fuori == Somme()
        with pytest.raises(Conflitto):
            await domande.storna(pagamento, "", OGGI)
    for comando in (
        "UPDATE pagamento SET importo = 1", "DELETE FROM pagamento", "UPDATE decisione SET al = NULL",
    ):  # fmt: skip
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unita_di_lavoro(await contesto("crema")) as unita:
                await unita.esegui(comando)


@pytest.mark.parametrize("oggi", [date(2025, 1, 1), OGGI, date(2025, 12, 31), date(2026, 6, 1)])
async def test_l_elenco_conta_come_la_pagina(entra: Entra, oggi: date) -> None:
    n = 3100 + oggi.toordinal() % 500
    casi = (
        {"data_fine": ""}, {"data_fine": "2025-03-31"}, {"data_inizio": "2025-02-15"},
        {"carattere": "occasionale", "data_erogazione": "2025-04-10", "importo": "80,00",
         "data_inizio": "", "data_fine": "", "importo_mensile": "", "quota_ente": "",
         "quota_utente": ""},
    )  # fmt: skip
    attesi = {}
    for i, caso in enumerate(casi):
        id_ = await _record(n + i, protocollo_domanda=f"CONTA/{n + i}", **caso)
        async with unita_di_lavoro(await contesto("crema")):
            domanda = await domande.apri_da(await versioni.leggi(id_))
            intero = await domande.fascicolo(domanda, oggi)
            attesi[domanda] = sum(s.maturato.importo for s in intero.situazioni)
    async with unita_di_lavoro(await contesto("crema")):
        trovati = {r.id: r.maturato for r in await domande.elenco("", None, oggi)}
    assert {id_: trovati[id_] for id_ in attesi} == attesi


async def test_l_elenco_si_filtra(entra: Entra) -> None:
    cliente = await entra("rita.crema")
    nomi = {}
    for n, esito in ((3801, ""), (3802, "accolta"), (3803, "respinta"), (3804, "decaduta")):
        dati = DOMANDA | {"codice_fiscale": codice_fiscale(n), "cognome": f"Filtro{esito or 'nessuna'}",
                          "protocollo": f"F/{n}"}  # fmt: skip
        dove = (await cliente.vai("POST", "/crema/domande/nuova", dati)).headers["location"]
        nomi[esito] = dati["cognome"]
        if esito:
            decisa = ACCOLTA if esito == "accolta" else {
                k: v for k, v in ACCOLTA.items() if k.startswith("atto")
            } | {"esito": esito}  # fmt: skip
            assert (await cliente.vai("POST", f"{dove}/decisione", decisa)).status_code == 303
    await _record(3802, protocollo_domanda="F/3802")

    async def visti(filtro: str) -> set[str]:
        pagina = (await cliente.get(f"/crema/domande?filtro={filtro}")).text
        return {esito for esito, nome in nomi.items() if nome in pagina}

    assert await visti("") == set(nomi)
    assert await visti("senza_decisione") == {""}
    assert await visti("accolta") == {"accolta"}
    assert await visti("respinta") == {"respinta"}
    assert await visti("chiusa") == {"decaduta"}
    assert await visti("da_pagare") == {"accolta"}


async def test_chi_lavora_per_un_comune_vede_solo_le_sue_domande(
    entra: Entra, ambiti: Banca
) -> None:
    pia, rita = await entra("pia.pandino"), await entra("rita.crema")
    altrui = await pia.vai("POST", "/crema/domande/nuova", DOMANDA | {"protocollo": "P/1"})
    assert altrui.status_code == 422
    di_crema = (await rita.vai(
        "POST", "/crema/domande/nuova", DOMANDA | {"protocollo": "P/2"}
    )).headers["location"]  # fmt: skip
    for coda in ("", "/decisione", "/pagamento"):
        assert (await pia.get(di_crema + coda)).status_code == 404
    assert "P/2" not in (await pia.get("/crema/domande")).text
    sua = await pia.vai(
        "POST", "/crema/domande/nuova",
        DOMANDA | {"protocollo": "P/3", "comune_titolare": "G306"},
    )  # fmt: skip
    assert sua.status_code == 303
    assert "P/3" in (await rita.get("/crema/domande?comune=G306")).text
    assert (await interroga(ambiti.superutente, "SELECT count(*) FROM domanda WHERE protocollo "
                            "IN ('P/1', 'P/2', 'P/3')"))[0][0] == 2  # fmt: skip


GRANDE = "9" * 400
OSTILI: tuple[tuple[str, dict[str, str]], ...] = tuple(
    (dove, {campo: valore})
    for dove, campo, valori in (
        ("nuova", "codice_fiscale", (GRANDE, "\0", "RSSMRA80A41D142Ⅸ", "=1+1", "٣" * 16)),
        ("nuova", "cognome", ("", GRANDE, "\0\0")),
        ("nuova", "protocollo", ("x" * 33, "\n")),
        ("nuova", "presentata_il", ("0001-01-01", "31/02/2025", "9999-12-32", GRANDE, "=TODAY()")),
        ("nuova", "comune_titolare", ("D150", "d142", GRANDE)),
        ("nuova", "codice_prestazione", ("A9.99", "' OR 1=1--")),
        (
            "decisione",
            "importo_mensile",
            (GRANDE, "1e9", "-1,00", "1.234", "99999999999999,00", "NaN"),
        ),
        ("decisione", "dal", ("0001-01-01", "99999-01-01", "x")),
        ("decisione", "atto_organo", ("x" * 121, " ")),
        ("pagamento", "importo", (GRANDE, "0", "0,001", "Infinity", "99999999999999,99")),
        ("pagamento", "competenza", ("13/2025", "00/0000", "01/9999", "2025")),
        ("pagamento", "ente", ("-1", "0", GRANDE, "1; DROP TABLE pagamento")),
        ("pagamento", "mandato", ("x" * 41, "\0")),
    )
    for valore in valori
)


async def test_cio_che_un_ostile_scrive_si_rifiuta_con_parole_e_non_scrive_nulla(
    entra: Entra, ambiti: Banca
) -> None:
    cliente = await entra("rita.crema")
    id_ = await _record(3050, protocollo_domanda="OSTILE/0")
    dove = (await cliente.vai("POST", f"/crema/prestazioni/{id_}/domanda", {})).headers["location"]
    ente = await _ente(cliente, dove, "Comunità Sociale")
    buoni = {
        "nuova": DOMANDA | {"protocollo": "OSTILE/1"},
        "decisione": ACCOLTA,
        "pagamento": {
            "ente": ente, "competenza": "01/2025", "pagato_il": "05/02/2025",
            "importo": "312,40", "mandato": "M1",
        },
    }  # fmt: skip
    conta = (
        "SELECT (SELECT count(*) FROM domanda), (SELECT count(*) FROM decisione), "
        "(SELECT count(*) FROM pagamento)"
    )
    prima = await interroga(ambiti.superutente, conta)
    for modulo, storto in OSTILI:
        indirizzo = "/crema/domande/nuova" if modulo == "nuova" else f"{dove}/{modulo}"
        risposta = await cliente.vai("POST", indirizzo, buoni[modulo] | storto)
        assert risposta.status_code == 422, (modulo, storto)
        assert errori(risposta), (modulo, storto)
    assert await interroga(ambiti.superutente, conta) == prima
    for numero in ("9" * 30, "0", str(2**63), "-1"):
        assert (await cliente.get(f"/crema/domande/nuova?dopo={numero}")).status_code in (200, 404)
        assert (await cliente.get(f"/crema/prestazioni/nuova?dopo={id_}&fine_di={numero}")
                ).status_code in (200, 404)  # fmt: skip
    for pagina in ("0", "-1", "9" * 30, "x"):
        assert (await cliente.get(f"/crema/domande?pagina={pagina}")).status_code == 200


async def test_il_filtro_trova_le_domande_che_non_tornano_e_solo_quelle(
    entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    cliente = await entra("rita.crema")
    # Registered one after the other: the periods go to March, to December, and there is none.
    for n, fine in ((3401, "2025-03-31"), (3402, "2025-12-31"), (3403, None), (3404, "2025-06-30")):
        if fine is not None:
            await _record(n, protocollo_domanda=f"DOM/{n}", data_fine=fine)
        dati = DOMANDA | {
            "codice_fiscale": codice_fiscale(n), "cognome": f"Torna {n}", "protocollo": f"DOM/{n}"
        }  # fmt: skip
        dove = (await cliente.vai("POST", "/crema/domande/nuova", dati)).headers["location"]
        assert (await cliente.vai("POST", f"{dove}/decisione", ACCOLTA)).status_code == 303
    async with unita_di_lavoro(await contesto("crema")):
        monkeypatch.setattr(domande, "_PER_VOLTA", 1)
        for persona in (None, "Torna 34"):
            trovate = await domande.elenco("non_torna", "D142", OGGI, persona=persona)
            nostre = [r.cognome for r in trovate if r.cognome.startswith("Torna 34")]
            assert nostre == ["Torna 3404", "Torna 3402"]
        for riga_ in await domande.elenco("", "D142", OGGI, persona="Torna 34"):
            assert riga_.id is not None
            storto = bool((await domande.fascicolo(riga_.id, OGGI)).riscontri)
            assert storto == (riga_.cognome in nostre)
        monkeypatch.setattr(domande, "PER_PAGINA", 1)
        pagine = [
            [r.cognome for r in await domande.elenco("non_torna", None, OGGI, n, "Torna 34")][:1]
            for n in (1, 2, 3)
        ]
        assert pagine == [["Torna 3404"], ["Torna 3402"], []]
        monkeypatch.setattr(domande, "PER_PAGINA", 50)
    pagina = await cliente.get("/crema/domande?filtro=non_torna")
    assert "Torna 3402" in pagina.text
    assert "Torna 3401" not in pagina.text
    regole = await cliente.get("/crema/prestazioni/regole")
    assert "pagato_oltre_la_decisione" in regole.text
    assert (
        "pagato_oltre_la_decisione"
        not in (await cliente.get("/crema/prestazioni/regole?flusso=siuss-sinba")).text
    )
