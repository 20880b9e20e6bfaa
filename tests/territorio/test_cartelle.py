"""A wrong folder is refused with the place and the reason, and with all its faults together."""

from __future__ import annotations

from pathlib import Path

import pytest

from capofila.base.dichiarato import CartellaNonValida
from capofila.territorio.cartelle import (
    DatiAmbito,
    DatiComuni,
    comuni_contesi,
    leggi_ambito,
    leggi_comuni,
)


def cambia(file: Path, vecchio: str, nuovo: str) -> None:
    testo = file.read_text(encoding="utf-8")
    assert vecchio in testo, vecchio
    file.write_text(testo.replace(vecchio, nuovo, 1), encoding="utf-8")


def problemi(cartelle: Path, slug: str, dati_comuni: DatiComuni) -> list[str]:
    comuni = {c.istat: c for c in dati_comuni.comuni}
    with pytest.raises(CartellaNonValida) as rifiuto:
        leggi_ambito(cartelle / slug, comuni)
    return [str(p) for p in rifiuto.value.problemi]


GUASTI = {
    "chiave sconosciuta": (
        "crema/ambito.yaml", "\nprovincia: CR", "\nprovincia: CR\nprovinca: CR",
        "crema/ambito.yaml, riga 7 (provinca): chiave sconosciuta",
    ),
    "chiave doppia": (
        "crema/ambito.yaml", "\nprovincia: CR", "\nprovincia: CR\nslug: crema",
        "riga 7: la chiave «slug» è scritta due volte",
    ),
    "yaml storto": (
        "crema/ambito.yaml", "\nprovincia: CR", "\nprovincia: [CR", "YAML non leggibile",
    ),
    "slug di un'altra cartella": (
        "crema/ambito.yaml", "slug: crema", "slug: cremona", "riga 4 (slug): «cremona» non è",
    ),
    "nome mancante": (
        "crema/ambito.yaml", "nome: Ambito distrettuale Cremasco", "nome:", "(nome): manca",
    ),
    "fonte non dichiarata": (
        "crema/ambito.yaml", "fonte: accordo-2015\nlink", "fonte: accordo-2051\nlink",
        "(fonte): la fonte «accordo-2051» non è",
    ),
    "link che non è un indirizzo": (
        "crema/ambito.yaml", "link_privacy:", "link_privacy: javascript:alert(1)",
        "(link_privacy): «javascript:alert(1)» non va bene",
    ),
    "due capofila": (
        "crema/ambito.yaml", "      sigla: CSC", "      sigla: CSC\n      capofila: si",
        "(enti.capofila): ci sono due enti capofila",
    ),
    "nessun capofila": (
        "crema/ambito.yaml", '  capofila: "019035"\n', "", "(enti.capofila): manca l'ente capofila",
    ),
    "capofila di fuori": (
        "crema/ambito.yaml", '  capofila: "019035"', '  capofila: "019036"',
        "(enti.capofila): «019036» non è un ente di questo ambito",
    ),
    "come ricevuto di fuori": (
        "crema/ambito.yaml", "come_ricevuto: []", "come_ricevuto: [Milano]",
        "(enti.come_ricevuto): «milano» non è un ente",
    ),
    "ente doppio": (
        "crema/ambito.yaml", "denominazione: Comunità Sociale Cremasca a.s.c.",
        "denominazione: Comune di Crema", "due enti si chiamano",
    ),
    "plugin attivo due volte": (
        "crema/ambito.yaml", "{id: crema, dal: 2013-01-01, fonte: piattaforma}",
        "{id: siuss, dal: 2014-01-01, fonte: piattaforma}",
        "(plugin[3]): il plugin «siuss»: il periodo dal 2014-01-01 si sovrappone",
    ),
    "plugin senza inizio": (
        "crema/ambito.yaml", "{id: crema, dal: 2013-01-01, fonte: piattaforma}",
        "{id: crema, fonte: piattaforma}", "(plugin[3].dal): manca: scrivi una data",
    ),
    "e-service di un ente di fuori": (
        "crema/ambito.yaml", "\nnote:", "\npdnd:\n  - {ente: Milano, audience: x}\nnote:",
        "(pdnd[1].ente): «Milano» non è un ente di questo ambito",
    ),
    "e-service di un ente senza codice": (
        "crema/ambito.yaml", "\nnote:",
        "\npdnd:\n  - {ente: Comunità Sociale Cremasca a.s.c., audience: x}\nnote:",
        "non ha un codice Belfiore: INPS non può chiamarlo",
    ),
    "e-service senza audience": (
        "crema/ambito.yaml", "\nnote:", "\npdnd:\n  - {ente: D142}\nnote:",
        "(pdnd[1].audience): manca",
    ),
    "e-service doppio": (
        "crema/ambito.yaml", "\nnote:",
        '\npdnd:\n  - {ente: D142, audience: x}\n  - {ente: "019035", audience: y}\nnote:',
        "«019035» ha già un e-service",
    ),
    "due audience uguali": (
        "crema/ambito.yaml", "\nnote:",
        "\npdnd:\n  - {ente: D142, audience: x}\n  - {ente: G306, audience: x}\nnote:",
        "due e-service con la stessa audience",
    ),
    "fruitore che non è un identificativo": (
        "crema/ambito.yaml", "\nnote:",
        "\npdnd:\n  - {ente: D142, audience: x, fruitore: INPS}\nnote:",
        "(pdnd[1].fruitore): «INPS» non va bene",
    ),
    "uso del voucher sconosciuto": (
        "crema/ambito.yaml", "\nnote:",
        "\npdnd:\n  - {ente: D142, audience: x, uso_voucher: mai}\nnote:",
        "«mai» non va bene: scegli fra richiesta, unico",
    ),
    "data impossibile": (
        "crema/comuni.csv", "2015-05-01,,6,", "2015-02-30,,6,",
        "(dal): «2015-02-30» non è una data",
    ),
    "data all'italiana": (
        "crema/comuni.csv", "2015-05-01,,6,", "01/05/2015,,6,",
        "(dal): «01/05/2015» non è una data",
    ),
    "fine prima dell'inizio": (
        "crema/comuni.csv", "2015-05-01,,6,", "2015-05-01,2015-04-30,6,",
        "(al): finisce il 2015-04-30, prima di cominciare",
    ),
    "periodi sovrapposti": (
        "crema/comuni.csv", "019035,Crema,,2015-04-30", "019035,Crema,,2015-05-01",
        "il comune 019035: il periodo dal 2015-05-01 si sovrappone a quello fino al 2015-05-01",
    ),
    "comune sconosciuto": (
        "crema/comuni.csv", "019002,Agnadello,2015", "015146,Milano,2015",
        "riga 3 (istat): il comune 015146 non è fra i comuni conosciuti",
    ),
    "nome di un altro comune": (
        "crema/comuni.csv", "019002,Agnadello,2015", "019002,Agnedello,2015",
        "riga 3 (nome): il comune 019002 è Agnadello",
    ),
    "sub-ambito sconosciuto": (
        "crema/comuni.csv", "2015-05-01,,6,", "2015-05-01,,7,",
        "(sub_ambito): il sub-ambito «7» non è in sub_ambiti.yaml",
    ),
    "appartenenza prima del sub-ambito": (
        "crema/comuni.csv", "019035,Crema,,2015-04-30,,", "019035,Crema,,2015-04-30,6,",
        "(sub_ambito): il periodo fino al 2015-04-30 esce da quello del sub-ambito «6»",
    ),
    "colonna sconosciuta": (
        "crema/comuni.csv", "istat,nome,dal", "istat,denominazione,dal",
        "crema/comuni.csv, riga 1: colonna sconosciuta «denominazione»",
    ),
    "valori in meno": (
        "crema/comuni.csv", "019002,Agnadello,,2015-04-30,,,accordo-2009",
        "019002,Agnadello,,2015-04-30", "riga 2: ci sono 4 valori, ne servono 7",
    ),
    "referente di un altro sub-ambito": (
        "crema/sub_ambiti.yaml", 'referente: "019067"', 'referente: "019094"',
        "(sub_ambiti[1].referente): Sergnano è il comune referente, ma non fa parte",
    ),
    "sub-ambito doppio": (
        "crema/sub_ambiti.yaml", 'codice: "2"', 'codice: "1"',
        "(sub_ambiti[2].codice): il codice «1» è scritto due volte",
    ),
    "tipo di gruppo": (
        "casalmaggiore/sub_ambiti.yaml", "tipo: zona", "tipo: regione",
        "(sub_ambiti[1].tipo): «regione» non va bene: scegli fra sub_ambito, zona",
    ),
    "comune cessato che continua": (
        "casalmaggiore/comuni.csv", "019071,Piadena,,2018-12-31", "019071,Piadena,,",
        "(al): Piadena è cessato il 2018-12-31",
    ),
    "comune nuovo prima di nascere": (
        "casalmaggiore/comuni.csv", "019116,Piadena Drizzona,2019-01-01,",
        "019116,Piadena Drizzona,,", "(dal): Piadena Drizzona esiste dal 2019-01-01",
    ),
    "unione di soli comuni di altri": (
        "crema/unioni.yaml", '"019047", nome: "Genivolta"', '"019036", nome: "Cremona"',
        "nessun componente dell'unione è un comune dell'ambito",
    ),
    "componente oltre la fine dell'unione": (
        "cremona/unioni.yaml", "al: 2025-12-31\n", "al: 2024-12-31\n",
        "(unioni[6].componenti[2].al): l'unione finisce il 2024-12-31",
    ),
    "funzione di un comune di altri": (
        "crema/unioni.yaml", "    fonte: unioni-2017\n",
        '    fonte: unioni-2017\n    funzioni: [{comune: "019036", funzione: minori, '
        "dal: 2016-01-01, fonte: unioni-2017}]\n",
        "(unioni[1].funzioni[1].comune): il comune 019036 non è dell'ambito",
    ),
    "elenco che non lo è": (
        "crema/sub_ambiti.yaml", "sub_ambiti:\n", "sub_ambiti: no\naltro:\n",
        "(sub_ambiti): qui ci vuole un elenco",
    ),
}  # fmt: skip


@pytest.mark.parametrize("guasto", GUASTI.values(), ids=GUASTI.keys())
def test_una_cartella_guasta_e_rifiutata_con_il_luogo_e_il_motivo(
    cartelle: Path, dati_comuni: DatiComuni, guasto: tuple[str, str, str, str]
) -> None:
    file, vecchio, nuovo, atteso = guasto
    cambia(cartelle / file, vecchio, nuovo)
    trovati = problemi(cartelle, file.split("/")[0], dati_comuni)
    assert any(atteso in p for p in trovati), "\n".join(trovati)


GUASTI_COMUNI = {
    "codice catastale di due": (
        "comuni.csv", "Agnadello,A076", "Agnadello,A039",
        "comuni/comuni.csv, riga 3 (belfiore): il codice catastale A039 è di due comuni",
    ),
    "codice ISTAT di cinque cifre": (
        "comuni.csv", "019002,", "19002,",
        "(istat): «19002» non va bene: scrivi per esempio 019035",
    ),
    "coordinata": (
        "comuni.csv", "45.45,9.56667", "nan,9.56667", "(latitudine): «nan» non va bene: scrivi",
    ),
    "cessato senza successore": (
        "fusioni.csv", "019042,019116,2019-01-01,fusione-piadena-drizzona\n", "",
        "Drizzona è cessato il 2018-12-31: scrivi in quale comune",
    ),
    "fusione in un altro giorno": (
        "fusioni.csv", "019071,019116,2019-01-01", "019071,019116,2019-01-02",
        "(dal): Piadena deve cessare il giorno prima",
    ),
    "popolazione di chi non c'era": (
        "popolazione.csv", "019115,2011,", "019116,2011,",
        "(anno): nel 2011 Piadena Drizzona non esisteva",
    ),
    "residenti negativi": (
        "popolazione.csv", "019115,2011,405", "019115,2011,-405", "(residenti): «-405» non va bene",
    ),
    "fonte": (
        "popolazione.csv", "405,censimento-2011", "405,censimento", "la fonte «censimento» non è",
    ),
    "popolazione doppia": (
        "popolazione.csv", "019115,2011,", "019114,2011,", "è scritta due volte",
    ),
}  # fmt: skip


@pytest.mark.parametrize("guasto", GUASTI_COMUNI.values(), ids=GUASTI_COMUNI.keys())
def test_i_comuni_guasti_sono_rifiutati_con_il_luogo_e_il_motivo(
    cartelle: Path, guasto: tuple[str, str, str, str]
) -> None:
    file, vecchio, nuovo, atteso = guasto
    cambia(cartelle / "comuni" / file, vecchio, nuovo)
    with pytest.raises(CartellaNonValida) as rifiuto:
        leggi_comuni(cartelle / "comuni")
    assert atteso in rifiuto.value.messaggio


def test_tutti_i_problemi_arrivano_insieme(cartelle: Path, dati_comuni: DatiComuni) -> None:
    cambia(cartelle / "crema/ambito.yaml", "provincia: CR", "provincia: Cremona")
    cambia(cartelle / "crema/comuni.csv", "2015-05-01,,6,", "ieri,,6,")
    cambia(cartelle / "crema/unioni.yaml", '"019047"', '"019999"')
    trovati = problemi(cartelle, "crema", dati_comuni)
    assert {p.split(",")[0] for p in trovati} >= {
        "crema/ambito.yaml", "crema/comuni.csv", "crema/unioni.yaml",
    }  # fmt: skip


def test_un_file_che_manca_o_non_e_testo_si_dice(cartelle: Path, dati_comuni: DatiComuni) -> None:
    (cartelle / "crema/comuni.csv").write_bytes(b"istat,nome\n\xff\xfe")
    assert "riga 2: il testo non è UTF-8" in "\n".join(problemi(cartelle, "crema", dati_comuni))
    (cartelle / "crema/comuni.csv").unlink()
    assert "il file manca" in "\n".join(problemi(cartelle, "crema", dati_comuni))
    (cartelle / "crema/ambito.yaml").unlink()
    assert problemi(cartelle, "crema", dati_comuni) == [
        "crema/ambito.yaml: il file manca: aggiungilo."
    ]


def test_senza_sub_ambiti_e_senza_unioni_la_cartella_va_bene(
    cartelle: Path, dati_comuni: DatiComuni
) -> None:
    for file in ("sub_ambiti.yaml", "unioni.yaml"):
        (cartelle / "casalmaggiore" / file).unlink()
    testo = (cartelle / "casalmaggiore/comuni.csv").read_text(encoding="utf-8")
    for zona in "1234":
        testo = testo.replace(f",,{zona},", ",,,")
    (cartelle / "casalmaggiore/comuni.csv").write_text("\ufeff" + testo, encoding="utf-8")
    dati = leggi_ambito(cartelle / "casalmaggiore", {c.istat: c for c in dati_comuni.comuni})
    assert dati.sub_ambiti == ()
    assert dati.componenti == ()


def test_due_ambiti_che_vogliono_lo_stesso_comune_si_vedono(
    dati_ambiti: dict[str, DatiAmbito],
) -> None:
    import msgspec

    cremona = dati_ambiti["cremona"]
    conteso = msgspec.structs.replace(cremona.appartenenze[0], istat="019035", dal=None, al=None)
    altro = msgspec.structs.replace(cremona, appartenenze=(conteso,))
    frasi = comuni_contesi([dati_ambiti["crema"], altro])
    assert len(frasi) == 2
    assert all("019035" in frase for frase in frasi)
