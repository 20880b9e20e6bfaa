"""The conformance kit: the plugins at hand keep all of it, and each check fails on what breaks it."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

from capofila.conformita import CONTROLLI, Conformita, Difetto, Esame, esamina


class TestCrema(Conformita):
    plugin = "capofila_crema"


class TestCremona(Conformita):
    plugin = "capofila_cremona"


class TestCasalmaggiore(Conformita):
    plugin = "capofila_casalmaggiore"


class TestSiuss(Conformita):
    plugin = "capofila.siuss"


class TestSpesaSociale(Conformita):
    plugin = "capofila.spesa_sociale"


TESTA = """
import datetime, decimal, os, pathlib, random, socket, subprocess, sys, time, uuid
from dataclasses import replace
from capofila.hooks import *
from capofila.hooks import regole

LEGGE = Atto(specie=Specie.LEGGE, organo="Regione", titolo="Legge (inventata)", numero="1")

def carta(**campi):
    return Manifesto(**{
        "id": "prova", "distretto": "prova", "denominazione": "Prova", "versione": "1.0",
        "contratto": "1.5", "fornitore": "Io", "licenza": "EUPL-1.2", "fonti": (LEGGE,),
        "privacy": Privacy(dati_personali=False, dichiarazione="Nessun dato."), **campi})

def organo(**campi):
    return Organo(**{"codice": "assemblea", "denominazione": "Assemblea", "fonte": LEGGE, **campi})

def regola(**campi):
    return Regola(**{
        "codice": "ci-vuole", "campo": "nota", "controllo": regole.Presente("nota"),
        "gravita": "errore", "messaggio": "manca la nota", "fonte": "Disciplinare, punto 1",
        "esempio_valido": {"nota": "x"}, "esempio_errato": {}, **campi})

def flusso(**campi):
    return Flusso(**{
        "id": "prova-file", "denominazione": "File", "destinatario": "Ente", "versione_schema": "1",
        "fonte": "prestazioni", "campi": (Campo("nota", Tipo.TESTO, "Nota", lunghezza=(0, 9)),),
        "regole": (regola(),), "tracciato": TracciatoFisso((PostoFisso(9, "nota"),)),
        "estensione": "txt", "media_type": "text/plain", "fonti_normative": ("Disciplinare",),
        **campi})

@hookimpl
def manifesto():
    return carta()
"""

SCHEMA = """\
id: prova-sad
servizio: prova
denominazione: Prova (inventato)
unita: ora
dimostrativo: si
atti:
  tariffe: {organo: Consiglio, titolo: Tariffe, numero: "1", data: 2025-01-01}
parametri:
  ora: {valori: [{dal: 2025-01-01, valore: 5, atto: tariffe}]}
formule:
  - dal: 2025-01-01
    atto: tariffe
    senza_isee: ora
    passi: [{forma: fissa, tariffa: ora}, {forma: per_quantita}]
"""

BUONO = """
SCHEMI = tuple(sorted(pathlib.Path(__file__).parent.glob("*.yaml")))

@hookimpl
def organi():
    return (organo(regole_voto=(RegolaVoto(condizioni=per_testa(fonte=LEGGE), fonte=LEGGE),)),)

@hookimpl
def flussi():
    return (flusso(),)

@hookimpl
def schemi():
    return SCHEMI
"""


def scrivi(cartella: Path, codice: str, schema: str = SCHEMA) -> Esame:
    (cartella / "plugin_di_prova.py").write_text(TESTA + codice, "utf-8")
    (cartella / "schema.yaml").write_text(schema, "utf-8")
    return esamina("plugin_di_prova", [cartella], attesa=60)


def test_un_plugin_senza_colpe(tmp_path: Path) -> None:
    esame = scrivi(tmp_path, BUONO)
    assert esame.difetti == ()
    assert esame.conforme
    assert (esame.plugin, esame.versione, esame.contratto) == ("prova", "1.0", "1.5")
    assert esame.hook == ("manifesto", "flussi", "organi", "schemi")


def _organi(corpo: str) -> str:
    return f"\nconta = iter(range(99))\n@hookimpl\ndef organi():\n{indent(dedent(corpo), '    ')}\n"


def _flussi(testo: str) -> str:
    return f"\n@hookimpl\ndef flussi():\n    return ({testo},)\n"


def _pagina(modello: str) -> str:
    return (
        "\n@hookimpl\ndef pagine():\n    return (PaginaPlugin(codice='visite', titolo='Visite', "
        f"modello={modello!r}, fonte=LEGGE),)\n"
    )


def _lavoro(corpo: str) -> str:
    return f"""
def tabella(nome):
    return NuovaTabella(tabella=nome, denominazione=nome, campi=(
        Campo("giorno", Tipo.DATA, "Giorno", obbligatorio=True),))

@hookimpl
def migrazioni():
    return (MigrazionePlugin(codice="0001_prima", passi=(tabella("da"), tabella("verso")), fonte=LEGGE),)

def calcola(righe):
    {corpo}

@hookimpl
def lavori():
    return (LavoroPlugin(codice="prova", denominazione="Prova", da="da", verso="verso",
                         calcola=calcola, fonte=LEGGE),)
"""


CADUTE = [
    ("forma", _pagina("<script>x</script>"), "non si usa nei modelli dei plugin"),
    ("forma", _pagina("<p>{{ prestazioni }}</p>"), "non è fra i dati che dichiara"),
    ("forma", _lavoro("return [{'giorno': 'ieri'} for riga in righe]"), "la colonna non prende"),
    ("forma", _lavoro("return [{'giorno': '2025-01-01', 'x': ''}]"), "non è una colonna"),
    ("forma", _lavoro("raise KeyError('x')"), "solleva KeyError"),
    ("purezza", _lavoro("return [] if time.time() else []"), "orologio"),
    ("importazione", "import modulo_che_non_c_e", "ModuleNotFoundError"),
    ("importazione", "pathlib.Path(__file__).with_suffix('.log').write_text('x')", "tocca i file"),
    ("importazione", "socket.socket().close()", "usa la rete"),
    ("manifesto", "@hookimpl\ndef manifesto():\n    return carta(licenza='')", "manca la licenza"),
    ("manifesto", "@hookimpl\ndef manifesto():\n    return carta(contratto='9.0')", "contratto 9.0"),
    ("manifesto", "@hookimpl\ndef un_altro_hook():\n    return ()", "non esiste nel contratto"),
    ("manifesto", "@hookimpl\nasync def organi():\n    return ()", "asincrono"),
    ("forma", _organi("return [organo()]"), "non è una tupla di Organo"),
    ("forma", _organi("return (organo(durata_mesi='sei'),)"), "tipo sbagliato"),
    ("forma", _organi("raise KeyError('x')"), "solleva KeyError"),
    ("determinismo", _organi("return (organo(denominazione=f'n. {next(conta)}'),)"), "in due modi"),
    ("determinismo", _organi("return (organo(denominazione=str(hash('a'))),)"), "in un altro"),
    ("determinismo", _organi("return (organo(denominazione='-'.join({'a', 'b', 'c', 'd'})),)"),
     "in un altro processo"),
    ("determinismo", _organi("return (organo(denominazione=time.tzname[0]),)"), "in un altro"),
    ("purezza", _organi("open(__file__).close()\nreturn (organo(),)"), "tocca i file"),
    ("purezza", _organi("sorted(pathlib.Path('.').glob('*'))\nreturn (organo(),)"), "tocca i file"),
    ("purezza", _organi("socket.getaddrinfo('localhost', 80)\nreturn (organo(),)"), "usa la rete"),
    ("purezza", _organi("import sqlite3\nsqlite3.connect(':memory:')\nreturn (organo(),)"),
     "apre un database"),
    ("purezza", _organi("datetime.date.today()\nreturn (organo(),)"), "guarda l'orologio"),
    ("purezza", _organi("datetime.datetime.now()\nreturn (organo(),)"), "guarda l'orologio"),
    ("purezza", _organi("time.time()\nreturn (organo(),)"), "guarda l'orologio"),
    ("purezza", _organi("os.environ.get('HOME')\nreturn (organo(),)"), "variabili d'ambiente"),
    ("purezza", _organi("os.getenv('HOME')\nreturn (organo(),)"), "variabili d'ambiente"),
    ("purezza", _organi("os.environ['X'] = '1'\nreturn (organo(),)"), "cambia l'ambiente"),
    ("purezza", _organi("random.random()\nreturn (organo(),)"), "si affida al caso"),
    ("purezza", _organi("uuid.uuid4()\nreturn (organo(),)"), "si affida al caso"),
    ("purezza", _organi("subprocess.run(['true'])\nreturn (organo(),)"), "avvia altro"),
    ("tempo", _organi("n = 0\nwhile n < 60_000_000: n += 1\nreturn (organo(),)"), "secondi"),
    ("tempo", _organi("os._exit(3)"), "è finito con 3"),
    ("convivenza", _flussi("flusso(id='siuss')"), "dato da due plugin"),
    ("fonti", _organi("return (organo(fonte=Atto(specie=Specie.LEGGE, organo='R', titolo='L')),)"),
     "né data né numero"),
    ("fonti", _flussi("flusso(fonti_normative=())"), "non cita una fonte"),
    ("fonti", _flussi("flusso(regole=(regola(fonte=' '),))"), "da dove viene"),
    ("testi", _flussi("flusso(denominazione='')"), "denominazione è vuoto"),
    ("testi", _flussi("flusso(regole=(regola(messaggio='spazio '),))"), "con uno spazio"),
    ("flussi", _flussi("flusso(regole=(regola(esempio_valido={}),))"), "non la rispetta"),
    ("flussi", _flussi("flusso(regole=(regola(esempio_errato={'nota': 'x'}),))"), "non la viola"),
    ("flussi", _flussi("flusso(tracciato=TracciatoCSV(colonne=(ColonnaCSV('A', 'x'),)),"
                       " campi=(Campo('nota', Tipo.TESTO, 'Nota'), Campo('x', Tipo.BLOCCHI, 'X')),"
                       " regole=(regola(esempio_valido={'nota': 'x', 'x': 3}),))"), "non si scrive"),
    ("graduatorie", """
@hookimpl
def graduatorie():
    punti = CriterioPunti(codice="c", denominazione="C", fonte=LEGGE, valido_dal=datetime.date(2026, 1, 1),
                          misura=PuntiSe(dato="d", punti=decimal.Decimal(1)))
    dato = DatoDomanda(codice="d", denominazione="D", tipo=TipoDato.SI_NO)
    return (Graduatoria(codice="g", denominazione="G", servizio="S", fonte=LEGGE, dati=(dato,),
                        criteri=(punti,)),)
""", "né punti né un motivo"),
    ("voti", _organi("""
        mai = Condizione(misura=Misura.TESTE, soglia=Soglia(numero=99), base=Base.PRESENTI)
        return (organo(regole_voto=(RegolaVoto(condizioni=(mai,), fonte=LEGGE),)),)"""),
     "tutti favorevole: la proposta è respinta"),
    ("riparti", """
@hookimpl
def criteri_riparto(anno):
    from decimal import Decimal
    uguali = Grandezza(
        codice='u', denominazione='parti uguali', origine=OrigineGrandezza.PARTI_UGUALI)
    troppo = LimiteRiparto(
        denominazione='più di tutto', verso=VersoLimite.MINIMO, valore=Decimal(101), percento=True)
    return (CriteriRiparto(
        codice='prova', denominazione='Prova', fondo='f', nome_fondo='F', fra=FraRiparto.COMUNI,
        grandezze=(uguali,), limiti=(troppo,), fonte=LEGGE,
        quote=(QuotaRiparto(codice='u', denominazione='U', peso=Decimal(1), grandezza='u'),)),)
""", "nessun fondo provato si ripartisce: I minimi fanno"),
    ("accreditamenti", """
@hookimpl
def accreditamento():
    poi = RequisitoAccreditamento(
        codice='poi', denominazione='Poi', testo='Che ci sia.', area=AreaRequisito.GESTIONALE,
        prova=ProvaSiNo(), valido_dal=datetime.date(2026, 1, 1), fonte=LEGGE)
    return (RegoleAccreditamento(
        codice='prova', denominazione='Prova', unita='Nido', requisiti=(poi,), fonte=LEGGE),)
""", "nessun requisito vale in questo giorno"),
]  # fmt: skip


@pytest.mark.parametrize(("controllo", "codice", "frase"), CADUTE)
def test_ogni_controllo_ha_un_plugin_che_non_lo_passa(
    tmp_path: Path, controllo: str, codice: str, frase: str
) -> None:
    trovati = scrivi(tmp_path, codice).di(controllo)
    assert any(frase in difetto.che_cosa for difetto in trovati), trovati


SCHEMI_ROTTI = [
    (SCHEMA.replace("tariffa: ora", "tariffa: mese"), "mese"),
    (SCHEMA.replace("dal: 2025-01-01, valore", "dal: 2025-02-30, valore"), "2025-02-30"),
    (SCHEMA + "id: prova-sad\n", "id"),
]


@pytest.mark.parametrize(("schema", "frase"), SCHEMI_ROTTI)
def test_uno_schema_che_non_si_legge_e_detto_con_la_sua_riga(
    tmp_path: Path, schema: str, frase: str
) -> None:
    trovati = scrivi(tmp_path, BUONO, schema).di("schemi")
    assert any(frase in d.che_cosa and d.dove.startswith("schema.yaml:") for d in trovati), trovati


def test_ogni_controllo_e_provato() -> None:
    provati = {controllo for controllo, _, _ in CADUTE} | {"schemi"}
    assert provati == {controllo.nome for controllo in CONTROLLI}


def test_la_suite_dice_che_cosa_non_va(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Prova(Conformita):
        plugin = "nessun_plugin_ha_questo_nome"

    with pytest.raises(AssertionError, match="nessun_plugin_ha_questo_nome"):
        Prova().test_importazione()  # type: ignore[attr-defined]
    assert Prova.esame().di("importazione") == (
        Difetto("importazione", "nessun_plugin_ha_questo_nome",
                "ModuleNotFoundError: No module named 'nessun_plugin_ha_questo_nome'"),
    )  # fmt: skip
