"""The file of a vote: the examples of the documentation, and every way to get one wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capofila.base.plugin import Attivazione, Registro
from capofila.governo.conteggio import Conteggio, conta
from capofila.governo.lettura import DIMENSIONE_MASSIMA, leggi
from capofila.governo.seduta import ConteggioRifiutato
from capofila.governo.voti import RegoleInConflitto
from capofila.hooks import Base, Convocazione, Misura, Organo, Termine, variante
from tests.docs.genera import RADICE
from tests.governo.casi import ATTO, condizione, quorum, regola

ESEMPI = RADICE / "docs" / "uso" / "esempi"
File = dict[str, Any]


def esempio(ambito: str) -> File:
    letto: File = json.loads((ESEMPI / f"voto-{ambito}.json").read_text("utf-8"))
    return letto


@pytest.fixture(scope="module")
def registro() -> Registro:
    return Registro.carica()


@pytest.fixture(scope="module")
def contato(registro: Registro) -> Callable[[str, File | bytes], Conteggio]:
    def conta_(ambito: str, file: File | bytes) -> Conteggio:
        contenuto = file if isinstance(file, bytes) else json.dumps(file).encode()
        richiesta = leggi(contenuto)
        attivi = registro.attivi(
            [Attivazione(plugin=ambito, dal=date(2013, 1, 1))], richiesta.seduta.giorno
        )
        return conta(
            ambito, richiesta, attivi.organi(), plugin=attivi.versioni(),
            impronta=sha256(contenuto).hexdigest(),
        )  # fmt: skip

    return conta_


Conta = Callable[[str, File | bytes], Conteggio]


# --- the examples -------------------------------------------------------------------------------


def test_l_esempio_di_casalmaggiore_ha_il_peso_e_non_i_comuni(contato: Conta) -> None:
    esito = contato("casalmaggiore", esempio("casalmaggiore"))
    assert esito.esito == "respinta"
    peso, teste = esito.condizioni
    assert (peso.avuto, peso.necessario, peso.su, peso.soddisfatta) == (21553, 18747, 37493, True)
    assert (teste.avuto, teste.necessario, teste.soddisfatta) == (3, 11, False)
    assert peso.ipotesi
    assert not teste.ipotesi
    assert esito.spiegazione[0] == "La proposta è respinta."
    assert "mancano 8" in esito.spiegazione[2]
    assert esito.quorum.stato == "non_dichiarato"
    assert esito.competenza.stato == "non_dichiarata"


def test_lo_stesso_con_undici_comuni_e_approvato(contato: Conta) -> None:
    file = esempio("casalmaggiore")
    favorevoli = [voto["chi"] for voto in file["voti"]][:11]
    assert "casalmaggiore" in favorevoli
    for voto in file["voti"]:
        voto["voto"] = "favorevole" if voto["chi"] in favorevoli else "contrario"
    esito = contato("casalmaggiore", file)
    assert esito.esito == "approvata"
    assert len(esito.decisivi) == 11


def test_l_esempio_di_crema_approva_il_piano_operativo_dopo_i_confronti(contato: Conta) -> None:
    esito = contato("crema", esempio("crema"))
    assert (esito.esito, esito.quorum.stato) == ("approvata", "raggiunto")
    assert (esito.competenza.stato, esito.competenza.ipotesi) == ("ammessa", True)
    assert esito.voti.presenti + esito.voti.rappresentati == esito.voti.votanti == 41
    assert [una.necessario for una in esito.quorum.condizioni] == [24, 106935]
    (teste,) = esito.condizioni
    assert (teste.avuto, teste.necessario, teste.su) == (28, 21, 41)


@pytest.mark.parametrize(
    ("togli", "motivi"),
    [
        (("confronti",), ["manca_confronto", "manca_confronto"]),
        (("proposte",), ["manca_proposta"]),
        (("atti",), ["manca_atto"]),
    ],
)
def test_a_crema_senza_cio_che_viene_prima_la_decisione_e_rifiutata_con_l_articolo(
    contato: Conta, togli: tuple[str, ...], motivi: list[str]
) -> None:
    file = esempio("crema")
    for chiave in togli:
        del file[chiave]
    esito = contato("crema", file)
    assert esito.esito == "non_ammessa"
    assert esito.competenza.stato == "rifiutata"
    assert [uno.motivo for uno in esito.competenza.motivi] == motivi
    assert all(uno.ipotesi for uno in esito.competenza.motivi)
    assert esito.condizioni[0].soddisfatta


def test_a_crema_il_comitato_ristretto_non_approva(contato: Conta) -> None:
    file = esempio("crema") | {"organo": "comitato-ristretto"}
    (motivo,) = contato("crema", file).competenza.motivi
    assert motivo.motivo == "non_competente"
    assert "che la prepara" in motivo.testo


def test_a_crema_senza_le_regole_nel_file_l_esito_resta_aperto(contato: Conta) -> None:
    file = esempio("crema")
    del file["regole"], file["deleghe"]
    presenti = set(file["presenti"])
    file["voti"] = [voto for voto in file["voti"] if voto["chi"] in presenti]
    esito = contato("crema", file)
    assert esito.esito == "non_determinabile"
    assert "Nessuna fonte dice con quale maggioranza si decida." in esito.spiegazione
    assert any("711" in avviso for avviso in esito.avvertenze)


def test_l_esempio_di_cremona_elegge_due_componenti_per_sub_ambito(contato: Conta) -> None:
    esito = contato("cremona", esempio("cremona"))
    assert esito.esito == "da_completare"
    assert len(esito.collegi) == 6
    completi = [uno for uno in esito.collegi if uno.stato == "completo"]
    assert [len(uno.eletti) for uno in completi] == [2] * 5
    (incerto,) = (uno for uno in esito.collegi if uno.stato == "parita")
    assert (incerto.nome, len(incerto.a_pari), incerto.posti_contesi) == ("Ambito 5", 2, 1)
    assert esito.voti.segreto
    assert any("è eletto il sorteggiato" in frase for frase in esito.spiegazione)


def test_senza_numero_legale_nessuno_e_eletto_e_nulla_e_deciso(contato: Conta) -> None:
    file = esempio("cremona")
    altri = [id for id in file["presenti"] if id != "cremona"]
    file["presenti"] = [*altri[:14], "cremona"]
    for collegio in file["elezione"]["collegi"]:
        collegio.update(schede=1, bianche=0, candidati=[{"nome": "Candidata A", "voti": 1}])
    assert contato("cremona", file).esito == "senza_numero_legale"
    file = esempio("crema")
    file["deleghe"] = []
    file["presenti"] = ["crema", "pandino"]
    file["voti"] = [{"chi": "crema", "voto": "favorevole"}]
    esito = contato("crema", file)
    assert (esito.esito, esito.quorum.stato) == ("senza_numero_legale", "mancante")
    assert [uno.motivo for uno in esito.competenza.motivi] == ["senza_quorum"]


def test_un_voto_segreto_una_divisione_e_un_interesse_si_scrivono_nel_file(
    contato: Conta,
) -> None:
    segreto = esempio("crema")
    segreto["scrutinio"] = {"favorevoli": 25, "contrari": 10, "bianche": 4, "nulle": 2}
    del segreto["voti"]
    segreto["regole"]["voto"]["segreto"] = True
    esito = contato("crema", segreto)
    assert (esito.esito, esito.voti.segreto, esito.decisivi) == ("approvata", True, ())
    assert (esito.voti.astenuti, esito.condizioni[0].su) == (6, 41)

    pesato = esempio("crema")
    pesato["regole"]["voto"] = {
        "condizioni": [{"misura": "abitanti", "piu_di": "1/2", "base": "votanti"}],
        "astensioni": "non voto", "parita": "respinta", "interesse": "fuori dalla base",
        "divisibile": True,
    }  # fmt: skip
    pesato["interessati"] = ["pandino"]
    pesato["voti"] = [
        {"chi": "crema", "parti": {"favorevole": 60, "contrario": "39.5", "astenuto": 0.5}}
    ]
    esito = contato("crema", pesato)
    (peso,) = esito.condizioni
    assert (peso.avuto, peso.su) == (Decimal("20271.6"), Decimal("33617.07"))
    assert (esito.voti.divisi, esito.voti.interessati) == (1, 1)


def test_il_preavviso_si_giudica_solo_se_una_fonte_lo_da(contato: Conta) -> None:
    file = esempio("crema") | {"convocata_il": "2026-03-19"}
    esito = contato("crema", file)
    assert (esito.preavviso.entro, esito.preavviso.in_tempo) == (None, None)
    assert any("preavviso" in avviso for avviso in esito.avvertenze)


# --- what is refused ----------------------------------------------------------------------------


def _con(**cambi: Any) -> Callable[[File], None]:
    return lambda file: file.update(cambi)


def _voto(**cambi: Any) -> Callable[[File], None]:
    return lambda file: file["voti"][0].update(cambi)


def _avente(**cambi: Any) -> Callable[[File], None]:
    return lambda file: file["aventi_diritto"][1].update(cambi)


def _regola(**cambi: Any) -> Callable[[File], None]:
    return lambda file: file["regole"].update(cambi)


TESTE = [{"misura": "teste", "piu_di": "1/2"}]


@pytest.mark.parametrize(
    ("guasta", "dove", "detto"),
    [
        (_voto(chi="atlantide"), "voti[1].chi", "«atlantide» non è fra gli aventi diritto"),
        (lambda f: f["voti"].append(f["voti"][0]), "voti[42].chi", "ha già votato"),
        (_voto(voto="forse"), "voti[1].voto", "si vota favorevole, contrario, astenuto"),
        (_voto(chi="fiesco"), "voti[1].chi", "non è presente né rappresentato"),
        (_voto(parti={"favorevole": 50}), "voti[1]", "non entrambi"),
        (_con(interessati=["crema"]), "voti[", "fra gli interessati"),
        (_con(presenti=["crema", "crema"]), "presenti[2]", "scritto due volte"),
        (_con(presidente="pieranica-sul-mare"), "presidente", "non è fra gli aventi diritto"),
        (_con(deleghe=[{"da": "camisano", "a": "quintano"}]), "deleghe[1]", ""),
        (
            lambda f: f["deleghe"].append({"da": f["deleghe"][0]["da"], "a": "crema"}),
            "deleghe[3].da", "ha già dato una delega",
        ),
        (
            lambda f: f["deleghe"][1].update(a=f["deleghe"][0]["a"]),
            "deleghe", "al massimo sono 1",
        ),
        (_avente(abitanti=-5), "aventi_diritto[2].abitanti", "mai un numero negativo"),
        (_avente(abitanti="molti"), "aventi_diritto[2].abitanti", "non va bene"),
        (_avente(abitanti=1e40), "aventi_diritto[2].abitanti", "non va bene"),
        (lambda f: f["aventi_diritto"][1].pop("abitanti"), "aventi_diritto[2].abitanti", "manca"),
        (_avente(categoria="assessore"), "aventi_diritto[2].categoria", "non è un seggio"),
        (_avente(peso=3), "aventi_diritto[2].peso", "chiave sconosciuta"),
        (_con(organo="giunta"), "organo", "non è fra gli organi"),
        (_con(giorno="2026-02-30"), "giorno", "non è una data"),
        (_con(convocazione=3), "convocazione", "fra 1 e 2"),
        (_con(scrutinio={"favorevoli": 1, "contrari": 0}), "", "una cosa sola"),
        (lambda f: f.pop("voti"), "", "una cosa sola"),
        (_con(voti="tutti"), "voti", "un elenco"),
        (_con(voti=["crema"]), "voti", "le sue chiavi"),
        (_regola(voto={"condizioni": []}), "regole.voto.condizioni", "da una a 6"),
        (_regola(voto={"condizioni": [{"misura": "fama", "almeno": 2}]}),
         "regole.voto.condizioni[1].misura", "teste, abitanti, quote"),
        (_regola(voto={"condizioni": [{"misura": "teste"}]}),
         "regole.voto.condizioni[1]", "«almeno» e «piu_di»"),
        (_regola(voto={"condizioni": [{"misura": "teste", "almeno": "3/2"}]}),
         "regole.voto.condizioni[1].almeno", "tra zero e uno"),
        (_regola(voto={"condizioni": [{"misura": "teste", "almeno": "due terzi"}]}),
         "regole.voto.condizioni[1].almeno", "2/3"),
        (_regola(voto={"condizioni": TESTE * 2}), "regole.voto", "due volte la stessa misura"),
        (_regola(voto={"condizioni": TESTE, "astensioni": "boh"}),
         "regole.voto.astensioni", "scegli fra voto, non voto"),
        (_regola(atto={}), "regole.atto.titolo", "manca"),
        (_regola(maggioranza="semplice"), "regole.maggioranza", "chiave sconosciuta"),
        (_regola(deleghe={"ammesse": False}), "deleghe", "non sono ammesse"),
        (lambda f: f["regole"].pop("deleghe"), "deleghe", "nessuna fonte dice"),
    ],
)  # fmt: skip
def test_ogni_errore_ha_il_suo_posto_e_dice_che_fare(
    contato: Conta, guasta: Callable[[File], Any], dove: str, detto: str
) -> None:
    file = esempio("crema")
    guasta(file)
    with pytest.raises(ConteggioRifiutato) as rifiuto:
        contato("crema", file)
    trovati = [str(uno) for uno in rifiuto.value.difetti]
    assert any(uno.startswith(dove) and detto in uno for uno in trovati), trovati
    assert rifiuto.value.codice == "conteggio_rifiutato"


@pytest.mark.parametrize(
    ("contenuto", "dove", "detto"),
    [
        (b"", "riga 1", "JSON non leggibile"),
        (b"organo: assemblea", "riga 1", "JSON non leggibile"),
        (b'{\n  "organo": "a",\n}', "riga 3", "JSON non leggibile"),
        (b'{"organo": "a", "organo": "b"}', "", "scritta due volte"),
        (b'{"anno": NaN}', "", "non è una cifra"),
        (b"[]", "riga 1", "fra graffe"),
        (b'{"organo": "\\ud800"}', "", "mezzo carattere"),
        (b'{"\\ud800": 1}', "", "mezzo carattere"),
        (b'{"anno": ' + b"9" * 5_000 + b"}", "anno", "fra 1990 e 2100"),
        (b'{"organo": "\xff"}', "riga 1", "UTF-8"),
        (b"[" * 100_000, "", "annidato"),
        (b'{"voti": [' + b"[" * 2_000 + b"]" * 2_000 + b"]}", "", ""),
        (b" " * (DIMENSIONE_MASSIMA + 1), "", "supera 1.000.000 byte"),
    ],
)
def test_un_file_che_non_si_legge_e_rifiutato(contenuto: bytes, dove: str, detto: str) -> None:
    with pytest.raises(ConteggioRifiutato) as rifiuto:
        leggi(contenuto)
    assert any(str(uno).startswith(dove) and detto in str(uno) for uno in rifiuto.value.difetti), (
        rifiuto.value
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda sotto: st.lists(sotto, max_size=3)
    | st.dictionaries(
        st.sampled_from(["id", "chi", "voto", "parti", "da", "a", "condizioni", "atto", "collegi"]),
        sotto, max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip


@given(st.sampled_from(["crema", "cremona"]), st.integers(0, 30), _JSON)
def test_qualunque_cosa_al_posto_di_un_valore_si_conta_o_si_rifiuta(
    contato: Conta, ambito: str, quale: int, valore: object
) -> None:
    file = esempio(ambito)
    chiavi = sorted(file)
    file[chiavi[quale % len(chiavi)]] = valore
    with suppress(ConteggioRifiutato):
        assert contato(ambito, file).spiegazione


def test_un_elenco_smisurato_e_rifiutato() -> None:
    file = {
        "organo": "a", "materia": "b", "giorno": "2026-03-20", "presenti": [],
        "aventi_diritto": [{"id": str(n)} for n in range(1_001)], "voti": [],
    }  # fmt: skip
    with pytest.raises(ConteggioRifiutato, match=r"sono 1\.001, al massimo 1\.000"):
        leggi(json.dumps(file).encode())


def test_una_lista_troppo_lunga_e_rifiutata_e_non_letta_a_meta(contato: Conta) -> None:
    file = esempio("cremona")
    tanti = [{"nome": f"Nome {n}", "voti": 0} for n in range(1_001)]
    file["elezione"]["collegi"][0]["candidati"] += tanti
    with pytest.raises(ConteggioRifiutato, match=r"candidati: le voci sono 1\.0"):
        contato("cremona", file)


def test_la_convocazione_e_prima_della_seduta(contato: Conta) -> None:
    with pytest.raises(ConteggioRifiutato, match="convocata_il: è dopo la seduta"):
        contato("casalmaggiore", esempio("casalmaggiore") | {"convocata_il": "2025-06-13"})


def test_pesi_tutti_a_zero_sono_pesi_che_mancano(contato: Conta) -> None:
    file = esempio("casalmaggiore")
    for uno in file["aventi_diritto"]:
        uno["abitanti"] = 0
    with pytest.raises(ConteggioRifiutato, match="«abitanti» è 0 per tutti"):
        contato("casalmaggiore", file)
    file["aventi_diritto"][0]["abitanti"] = 1
    assert contato("casalmaggiore", file).esito == "respinta"


def test_lo_stesso_comune_con_due_codici_non_ha_due_voti(contato: Conta) -> None:
    file = esempio("casalmaggiore")
    file["aventi_diritto"].append({"id": "x", "nome": "casalmaggiore ", "abitanti": 1})
    with pytest.raises(
        ConteggioRifiutato, match=r"aventi_diritto\[19\].nome: «casalmaggiore» e «x»"
    ):
        contato("casalmaggiore", file)


def test_due_omonimi_in_seggi_diversi_sono_due_e_un_comune_porta_il_suo_peso_una_volta(
    contato: Conta,
) -> None:
    """Of the fourteen of the Ufficio di Piano two may have one name; of the comuni no two have."""
    seggi = [
        {"id": "a", "nome": "Anna Rossi", "categoria": "asl"},
        {"id": "b", "nome": "ANNA  Rossi", "categoria": "azienda-ospedaliera"},
        {"id": "c", "nome": "Ugo Neri", "categoria": "sub-ambito"},
    ]
    file: File = {
        "organo": "ufficio-di-piano", "materia": "debiti-informativi", "giorno": "2017-03-20",
        "aventi_diritto": seggi, "presenti": ["a", "b", "c"],
        "voti": [{"chi": "a", "voto": "favorevole"}, {"chi": "b", "voto": "favorevole"},
                 {"chi": "c", "voto": "contrario"}],
        "regole": {"atto": {"organo": "Esempio", "titolo": "Inventato"},
                   "voto": {"condizioni": [
                       {"misura": "teste", "piu_di": "1/2", "base": "aventi diritto"}]}},
    }  # fmt: skip
    seggi[1]["nome"] = "Anna Rossi"
    richiesta = leggi(json.dumps(file).encode())
    assert richiesta.seduta.nome("a") == "Anna Rossi (a)"
    assert richiesta.seduta.nome("c") == "Ugo Neri"
    for cambio in ({"categoria": "asl"}, {"categoria": None}):
        lei = {n: v for n, v in (seggi[1] | cambio).items() if v is not None}
        with pytest.raises(ConteggioRifiutato, match=r"aventi_diritto\[2\].nome.*li distingue"):
            leggi(json.dumps(file | {"aventi_diritto": [seggi[0], lei, seggi[2]]}).encode())
    pesati = [uno | {"quote": 1} for uno in seggi]
    with pytest.raises(ConteggioRifiutato, match=r"aventi_diritto\[2\].nome"):
        leggi(json.dumps(file | {"aventi_diritto": pesati}).encode())


def test_la_stessa_persona_scritta_in_due_modi_non_divide_i_suoi_voti(contato: Conta) -> None:
    file = esempio("cremona")
    primo = file["elezione"]["collegi"][0]
    primo["candidati"].append({"nome": primo["candidati"][0]["nome"].upper() + " ", "voti": 0})
    with pytest.raises(ConteggioRifiutato, match="somma i suoi voti in una voce, se sono due"):
        contato("cremona", file)
    file = esempio("cremona")
    doppio = file["elezione"]["collegi"][0] | {"nome": "AMBITO 1"}
    file["elezione"]["collegi"].append(doppio)
    with pytest.raises(ConteggioRifiutato, match="«AMBITO 1» è scritto due volte"):
        contato("cremona", file)


def test_di_un_elezione_per_unita_che_non_si_conoscono_lo_si_dice(contato: Conta) -> None:
    file = esempio("cremona")
    file["elezione"]["collegi"] = file["elezione"]["collegi"][:1]
    esito = contato("cremona", file)
    assert esito.esito == "eletti"
    assert any("se ne manca una non risulta" in una for una in esito.avvertenze)


def test_il_file_non_cambia_una_regola_che_il_plugin_dichiara(contato: Conta) -> None:
    file = esempio("casalmaggiore")
    file["regole"] = {
        "atto": {"organo": "Noi", "titolo": "Come ci pare"},
        "voto": {"condizioni": [{"misura": "teste", "almeno": 1}]},
    }
    with pytest.raises(ConteggioRifiutato, match=r"regole\.voto: la regola c'è già"):
        contato("casalmaggiore", file)
    eletti = esempio("cremona")
    eletti["regole"]["elezione"]["posti"] = 3
    with pytest.raises(ConteggioRifiutato, match=r"regole\.elezione\.posti: la regola c'è già"):
        contato("cremona", eletti)


def test_un_seggio_del_terzo_settore_vuole_l_adesione_e_i_seggi_non_sono_di_piu(
    contato: Conta,
) -> None:
    file: File = {
        "organo": "ufficio-di-piano", "materia": "contratto-di-servizio", "giorno": "2016-04-01",
        "anno": 2016,
        "atti": [{"materia": "piano-operativo", "giorno": "2016-03-20"}],
        "aventi_diritto": [
            {"id": "coop", "categoria": "cooperazione-sociale"},
            {"id": "asl", "categoria": "asl"},
            {"id": "asl-bis", "categoria": "asl"},
            {"id": "chi"},
        ],
        "presenti": ["coop", "asl"],
        "voti": [{"chi": "coop", "voto": "favorevole"}],
    }  # fmt: skip
    with pytest.raises(ConteggioRifiutato) as rifiuto:
        contato("crema", file)
    trovati = [str(uno) for uno in rifiuto.value.difetti]
    assert [uno.split(":")[0] for uno in trovati] == [
        "aventi_diritto[4].categoria", "aventi_diritto", "aventi_diritto[1].adesione",
    ]  # fmt: skip
    assert "art. 8" in trovati[1]
    file["aventi_diritto"][0]["adesione"] = "Adesione del 12 maggio 2015"
    del file["aventi_diritto"][2:]
    esito = contato("crema", file)
    assert (esito.competenza.stato, esito.esito) == ("ammessa", "non_determinabile")


_PROVA = Organo(
    codice="assemblea-dei-sindaci",
    denominazione="Assemblea (inventata)",
    convocazione=(Convocazione(termine=Termine(giorni=5), fonte=ATTO),),
    regole_voto=(regola(condizione(">1/2", Base.PRESENTI, Misura.ABITANTI, anno_pesi=2025)),),
    quorum=(quorum(condizione(">1/2"), convocazione=1),),
    fonte=ATTO,
)


def _di_prova(organo: Organo = _PROVA, **cambi: Any) -> Conteggio:
    file = {
        "organo": organo.codice, "materia": "bilancio", "giorno": "2026-05-14",
        "pesi": {"anno": 2025}, "presenti": ["a", "b"], "presidente": "a",
        "aventi_diritto": [{"id": id, "abitanti": 10} for id in "abc"],
        "voti": [{"chi": id, "voto": "favorevole"} for id in "ab"],
    } | cambi  # fmt: skip
    return conta("prova", leggi(json.dumps(file).encode()), [organo], plugin={}, impronta="")


def test_una_convocazione_tardiva_non_e_ammessa_e_cita_chi_da_il_termine() -> None:
    assert _di_prova(convocata_il="2026-05-09").esito == "approvata"
    tardi = _di_prova(convocata_il="2026-05-10")
    assert (tardi.esito, tardi.preavviso.entro) == ("non_ammessa", date(2026, 5, 9))
    (motivo,) = tardi.competenza.motivi
    assert (motivo.motivo, motivo.fonte) == ("convocazione_tardiva", ATTO.cita())
    assert motivo.testo == "La convocazione doveva partire entro il 9 maggio 2026."


def test_i_pesi_sono_dell_anno_che_la_regola_vuole() -> None:
    with pytest.raises(
        ConteggioRifiutato, match=r"pesi\.anno: la regola di voto vuole i pesi del 2025"
    ):
        _di_prova(pesi={"anno": 2024})


def test_in_seconda_convocazione_il_quorum_della_prima_non_vale() -> None:
    assert _di_prova(convocazione=1).quorum.stato == "raggiunto"
    assert _di_prova(convocazione=2).quorum.stato == "non_dichiarato"
    uno = _di_prova(presenti=["a"], voti=[])
    assert (uno.esito, uno.quorum.condizioni[0].necessario) == ("senza_numero_legale", 2)


def test_due_regole_insieme_per_una_cosa_sono_un_errore_del_plugin() -> None:
    doppie = variante(_PROVA, convocazione=_PROVA.convocazione * 2)
    with pytest.raises(RegoleInConflitto, match="2 regole"):
        _di_prova(doppie)


def test_lo_stesso_file_da_lo_stesso_esito(contato: Conta) -> None:
    contenuto = (ESEMPI / "voto-crema.json").read_bytes()
    assert contato("crema", contenuto) == contato("crema", contenuto)
    assert contato("crema", contenuto).impronta == sha256(contenuto).hexdigest()


def test_la_forma_scritta_nella_documentazione_e_quella_che_si_stampa(contato: Conta) -> None:
    pagina = (RADICE / "docs" / "uso" / "votazioni.md").read_text("utf-8")
    trovata = re.search(r"<!-- forma: conteggio -->\n```json\n(.*?)```", pagina, re.DOTALL)
    assert trovata is not None
    contenuto = (ESEMPI / "voto-casalmaggiore.json").read_bytes()
    stampato = msgspec.json.encode(contato("casalmaggiore", contenuto))
    assert json.loads(trovata[1]) == json.loads(stampato)


# --- what nobody may say, and what nobody can meet ----------------------------------------------


def test_di_uno_scrutinio_segreto_non_si_dice_chi_fosse_decisivo(contato: Conta) -> None:
    file = esempio("crema")
    del file["voti"]
    # One more against would have turned it down: nobody knows who, and nobody is said not to be.
    file["scrutinio"] = {"favorevoli": 21, "contrari": 20}
    esito = contato("crema", file)
    assert esito.esito == "approvata"
    assert not any("avrebbe cambiato" in frase for frase in esito.spiegazione)
    assert not any("Decisivi" in frase for frase in esito.spiegazione)


def test_una_condizione_su_un_seggio_che_non_c_e_e_rifiutata(contato: Conta) -> None:
    file = esempio("crema")
    file["regole"]["voto"]["condizioni"][0]["categoria"] = "atlantide"
    with pytest.raises(ConteggioRifiutato, match=r"«atlantide» non è un seggio di.*scegli fra"):
        contato("crema", file)
