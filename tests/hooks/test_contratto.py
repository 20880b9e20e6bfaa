"""The contract and its documentation say the same, and every hook is tested."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, BinaryIO

import pluggy
import pytest

import capofila.hooks
from capofila.hooks import (
    Adempimento,
    AggiuntaSpesa,
    AreaRequisito,
    Atto,
    BloccoModello,
    CalcoloIndicatore,
    Campo,
    ChiVede,
    CodiceSpesa,
    Codifiche,
    CriterioPunti,
    CriteriRiparto,
    DatoDomanda,
    DichiarazioneErrata,
    Flusso,
    FlussoRicevuto,
    FraRiparto,
    Graduatoria,
    Grandezza,
    Indicatore,
    IntestazioneFlusso,
    LavoroPlugin,
    LettoreFlussi,
    ListaCodici,
    Manifesto,
    MigrazionePlugin,
    ModelloPlugin,
    ModuloSpesa,
    NuovaTabella,
    NuoveColonne,
    NuovoIndice,
    Organo,
    OrigineGrandezza,
    PaginaPlugin,
    PerimetroRapporto,
    Privacy,
    ProspettoSpesa,
    ProvaPerUtenti,
    PuntiSe,
    QuotaRiparto,
    RadiceXML,
    RapportoSpesa,
    RegolaData,
    RegoleAccreditamento,
    RequisitoAccreditamento,
    SezioneRapporto,
    Specie,
    TavolaRapporto,
    Tipo,
    TipoDato,
    TracciatoCSV,
    VoceCodifica,
    VoceMenuPlugin,
    VoceSpesa,
    componi,
    hookimpl,
    specifiche,
    variante,
)
from capofila.hooks.codifiche import in_vigore
from capofila.hooks.tabelle import tabelle

PAGINE = Path(__file__).resolve().parents[2] / "docs" / "plugin"

INSTALLATI = {
    "siuss": "capofila.siuss",
    "spesa_sociale": "capofila.spesa_sociale",
    "crema": "capofila_crema",
    "cremona": "capofila_cremona",
    "casalmaggiore": "capofila_casalmaggiore",
}

NOMI_PUBBLICI = [
    "CONTRATTO",
    "OLTRE_META",
    "Adempimento",
    "AggiuntaSpesa",
    "Anomalia",
    "AreaRequisito",
    "Astensione",
    "Atto",
    "Attributo",
    "Attribuzione",
    "Base",
    "BloccoModello",
    "CalcoloIndicatore",
    "Campo",
    "CampoScheda",
    "ChiVede",
    "ClassificazioneSpesa",
    "CodiceSpesa",
    "Codifiche",
    "ColonnaCSV",
    "ColonnaFoglio",
    "ColonneTavola",
    "Competenza",
    "Condizione",
    "Controllo",
    "Convocazione",
    "Copia",
    "Coppia",
    "Costante",
    "CriteriRiparto",
    "CriterioPunti",
    "DaTabella",
    "DatiPagina",
    "DatoDomanda",
    "Deleghe",
    "Dichiarazione",
    "DichiarazioneErrata",
    "DivisioneFile",
    "DopoAdempimento",
    "Elemento",
    "Elezione",
    "ErroreRiga",
    "FasciaPunti",
    "FileNonLeggibile",
    "Flusso",
    "FlussoRicevuto",
    "FormaFissa",
    "FormaFoglio",
    "FraRiparto",
    "FrequenzaIndicatore",
    "GiornoLavorativo",
    "GiornoTra",
    "Graduatoria",
    "Grandezza",
    "Indicatore",
    "Interesse",
    "IntestazioneFlusso",
    "Invitato",
    "LavoroPlugin",
    "LettoreFlussi",
    "LimiteRiparto",
    "Lista",
    "ListaCodici",
    "LivelloIndicatore",
    "LottoPreparato",
    "LunghezzaTesto",
    "Manifesto",
    "Materia",
    "MigrazionePlugin",
    "Misura",
    "ModelloPlugin",
    "ModuloSpesa",
    "Nomina",
    "NuovaTabella",
    "NuoveColonne",
    "NuovoIndice",
    "Ogni",
    "Operazione",
    "Organo",
    "OrigineGrandezza",
    "PaginaPlugin",
    "Parita",
    "ParitaElezione",
    "Partenza",
    "Per",
    "PerFile",
    "PerimetroRapporto",
    "PostoFisso",
    "Predefinito",
    "Premialita",
    "Premio",
    "Preparatore",
    "Presidenza",
    "Privacy",
    "ProspettoSpesa",
    "ProvaCifra",
    "ProvaDocumento",
    "ProvaPerUtenti",
    "ProvaSiNo",
    "PuntiPerAnzianita",
    "PuntiPerFasce",
    "PuntiPerScelta",
    "PuntiPerUno",
    "PuntiSe",
    "Quorum",
    "QuotaRiparto",
    "Raccordo",
    "RadiceXML",
    "RapportoSpesa",
    "RecordLetto",
    "Regola",
    "RegolaAlbo",
    "RegolaData",
    "RegolaNome",
    "RegolaSpesa",
    "RegolaVoto",
    "RegoleAccreditamento",
    "Requisito",
    "RequisitoAccesso",
    "RequisitoAccreditamento",
    "RestoRiparto",
    "Rifiuto",
    "RigaPlugin",
    "Ripetuto",
    "Scadenza",
    "SePresente",
    "Seggio",
    "SezioneRapporto",
    "Soglia",
    "Sollecito",
    "SommaSpesa",
    "Spareggio",
    "Specie",
    "SpecieProva",
    "SpecieRequisito",
    "TabellaPlugin",
    "TaglioAnnuale",
    "TavolaRapporto",
    "TavolaSpesa",
    "Termine",
    "Tipo",
    "TipoDato",
    "TracciatoCSV",
    "TracciatoFisso",
    "TracciatoPdf",
    "TracciatoXML",
    "TracciatoXlsx",
    "Trattenuta",
    "Variazione",
    "Verso",
    "VersoLimite",
    "Voce",
    "VoceCodifica",
    "VoceMenuPlugin",
    "VoceRiparto",
    "VoceSpesa",
    "componi",
    "contratto_compatibile",
    "difetti",
    "doppia_maggioranza",
    "hookimpl",
    "hookspec",
    "impronta",
    "lavorativo",
    "per_testa",
    "perche_non_lavorativo",
    "pesato_per_abitanti",
    "radice_xml",
    "regole",
    "scadenze",
    "sposta",
    "variante",
]
"""Adding a name raises the minor of CONTRATTO, removing one the major."""

ATTO = Atto(specie=Specie.ACCORDO, organo="Comuni", titolo="Accordo di prova")


def _hook() -> dict[str, Callable[..., object]]:
    return {
        nome: funzione
        for nome, funzione in vars(specifiche).items()
        if hasattr(funzione, "capofila_spec")
    }


def _firma(nome: str, funzione: Callable[..., object]) -> str:
    firma = inspect.signature(funzione)
    argomenti = ", ".join(
        f"{argomento.name}: {argomento.annotation}" for argomento in firma.parameters.values()
    )
    return f"{nome}({argomenti}) -> {firma.return_annotation}"


def _pagine() -> list[Path]:
    return sorted(PAGINE.rglob("*.md"))


def _blocchi(pagina: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a page, in order: language and content."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", pagina.read_text("utf-8"), re.S | re.M)


def _gestore(plugin: object) -> pluggy.PluginManager:
    gestore = pluggy.PluginManager("capofila")
    gestore.add_hookspecs(specifiche)
    gestore.register(plugin)
    gestore.check_pending()
    return gestore


def test_le_specifiche_sono_quelle_attese() -> None:
    assert list(_hook()) == [
        "manifesto", "codifiche", "flussi", "lettori", "adempimenti", "organi", "moduli_spesa",
        "aggiunte_spesa", "schemi", "prospetti_spesa", "rapporti_spesa", "graduatorie",
        "pagine", "voci_menu", "modelli", "migrazioni", "lavori", "criteri_riparto", "indicatori",
        "accreditamento",
    ]  # fmt: skip


@pytest.mark.parametrize("nome", _hook())
def test_ogni_hook_ha_una_pagina_con_la_sua_firma(nome: str) -> None:
    funzione = _hook()[nome]
    prima_riga = (PAGINE / "hook" / f"{nome}.md").read_text("utf-8").splitlines()[0]
    assert prima_riga == f"# `{_firma(nome, funzione)}`"


@pytest.mark.parametrize("nome", _hook())
def test_ogni_pagina_ha_le_sue_parti(nome: str) -> None:
    testo = (PAGINE / "hook" / f"{nome}.md").read_text("utf-8")
    attese = ["Arguments", "Answer", "Example", "Who uses it"]
    assert [parte for parte in re.findall(r"^## (.+)$", testo, re.M) if parte in attese] == attese
    dette = testo.partition("## Arguments")[2].partition("\n## ")[0]
    for argomento in inspect.signature(_hook()[nome]).parameters:
        assert f"`{argomento}`" in dette, argomento


@pytest.mark.parametrize("nome", _hook())
def test_ogni_hook_ha_una_riga_di_descrizione(nome: str) -> None:
    descrizione = inspect.getdoc(_hook()[nome])
    assert descrizione
    assert len(descrizione.splitlines()) == 1


def test_nessuna_pagina_parla_di_un_hook_che_non_esiste() -> None:
    assert {pagina.stem for pagina in (PAGINE / "hook").glob("*.md")} == set(_hook())


@pytest.mark.parametrize("nome", _hook())
def test_ogni_hook_ha_un_test(nome: str) -> None:
    assert callable(globals().get(f"test_hook_{nome}"))


@pytest.mark.parametrize("nome", _hook())
def test_ogni_pagina_dice_chi_usa_il_hook(nome: str) -> None:
    testo = (PAGINE / "hook" / f"{nome}.md").read_text("utf-8")
    trovata = re.search(r"^Implemented by: (.+)\.$", testo, re.M)
    assert trovata is not None
    detti = re.findall(r"`(\w+)`", trovata[1])
    davvero = sorted(
        id
        for id, modulo in INSTALLATI.items()
        if hasattr(getattr(importlib.import_module(modulo), nome, None), "capofila_impl")
    )
    assert detti == davvero


@pytest.mark.parametrize("pagina", _pagine(), ids=lambda pagina: pagina.stem)
def test_gli_esempi_girano_e_danno_quello_che_dicono(pagina: Path) -> None:
    blocchi = _blocchi(pagina)
    spazio: dict[str, object] = {"__name__": f"esempio_{pagina.stem}"}
    eseguiti = 0
    for posizione, (lingua, codice) in enumerate(blocchi):
        if lingua != "python":
            continue
        uscita = StringIO()
        with redirect_stdout(uscita):
            exec(compile(codice, f"{pagina.name}, blocco {posizione + 1}", "exec"), spazio)
        assert posizione + 1 < len(blocchi), "un esempio senza il suo risultato"
        assert blocchi[posizione + 1][0] == "text", "un esempio senza il suo risultato"
        assert uscita.getvalue() == blocchi[posizione + 1][1]
        eseguiti += 1
    assert eseguiti, "una pagina senza esempi"


def test_i_nomi_pubblici_sono_questi() -> None:
    assert list(capofila.hooks.__all__) == NOMI_PUBBLICI
    assert all(hasattr(capofila.hooks, nome) for nome in NOMI_PUBBLICI)


def test_il_contratto_non_porta_con_se_il_resto_della_piattaforma() -> None:
    programma = (
        "import sys, capofila.hooks;"
        "print(*sorted(m for m in sys.modules if m.startswith('capofila.')"
        " and not m.startswith('capofila.hooks')),"
        " *sorted({'piccolo','litestar','dramatiq','minio','asyncpg'} & set(sys.modules)))"
    )
    esito = subprocess.run(
        [sys.executable, "-c", programma],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert esito.stdout.strip() == ""


def test_hook_manifesto() -> None:
    class Plugin:
        @hookimpl
        def manifesto(self) -> Manifesto:
            return Manifesto(
                id="prova",
                distretto=None,
                denominazione="Prova",
                versione="1.0",
                contratto="1.0",
                fornitore="Io",
                licenza="EUPL-1.2",
                fonti=(ATTO,),
                privacy=Privacy(dati_personali=False, dichiarazione="Nessun dato."),
            )

    (manifesto,) = _gestore(Plugin()).hook.manifesto()
    assert manifesto.id == "prova"


def test_hook_flussi() -> None:
    class Plugin:
        @hookimpl
        def flussi(self) -> tuple[Flusso, ...]:
            return (
                Flusso(
                    id="prova",
                    denominazione="Prova",
                    destinatario="Nessuno",
                    versione_schema="1",
                    fonte="prestazioni",
                    campi=(),
                    regole=(),
                    tracciato=TracciatoCSV(colonne=()),
                    estensione="csv",
                    media_type="text/csv",
                ),
            )

    ((flusso,),) = _gestore(Plugin()).hook.flussi(codifiche={})
    assert flusso.id == "prova"


def test_hook_codifiche() -> None:
    class Plugin:
        @hookimpl
        def codifiche(self) -> tuple[ListaCodici, ...]:
            voci = (VoceCodifica("1", "Uno", "prova"),)
            return (ListaCodici(id="prova-a", denominazione="A", fonte="prova", voci=voci),)

        @hookimpl
        def flussi(self, codifiche: Codifiche) -> tuple[Flusso, ...]:
            assert [voce.codice for voce in codifiche["prova-a"]] == ["1", "2"]
            return ()

    gestore = _gestore(Plugin())
    ((lista,),) = gestore.hook.codifiche()
    nuova = {"prova-a": {"2": VoceCodifica("2", None, "prova", dal="2025-01-01")}}
    in_forza = in_vigore((lista,), nuova)
    assert gestore.hook.flussi(codifiche=in_forza) == [()]
    assert [voce.da_caricare for voce in in_forza["prova-a"]] == [False, True]
    assert in_vigore((lista,), {"prova-a": {"1": None}}) == {"prova-a": ()}


def test_hook_lettori() -> None:
    class Plugin:
        @hookimpl
        def lettori(self) -> tuple[LettoreFlussi, ...]:
            def apri(file: BinaryIO) -> FlussoRicevuto:
                return FlussoRicevuto(
                    flusso=file.read().decode(),
                    colonne=(),
                    intestazione=IntestazioneFlusso("", "", "", "", ""),
                    record=iter(()),
                )

            return (LettoreFlussi(denominazione="Prova", radice=RadiceXML("", "P"), apri=apri),)

    ((lettore,),) = _gestore(Plugin()).hook.lettori()
    assert lettore.radice == RadiceXML("", "P")
    assert lettore.apri(BytesIO(b"prova")).flusso == "prova"


def test_hook_adempimenti() -> None:
    class Plugin:
        @hookimpl
        def adempimenti(self, anno: int) -> tuple[Adempimento, ...]:
            return (
                Adempimento(
                    codice=f"prova-{anno}",
                    titolo="Prova",
                    organo="assemblea",
                    regola=RegolaData(mese=6, giorno=30),
                    fonte=ATTO,
                ),
            )

    ((adempimento,),) = _gestore(Plugin()).hook.adempimenti(anno=2025)
    assert adempimento.codice == "prova-2025"
    assert adempimento.regola.nel(2025) == date(2025, 6, 30)


def test_hook_organi() -> None:
    class Plugin:
        @hookimpl
        def organi(self) -> tuple[Organo, ...]:
            return (Organo(codice="prova", denominazione="Prova", fonte=ATTO),)

    ((organo,),) = _gestore(Plugin()).hook.organi()
    assert organo.codice == "prova"


def _modulo() -> ModuloSpesa:
    def uno(codice: str) -> CodiceSpesa:
        return CodiceSpesa(codice=codice, denominazione=codice, fonte=ATTO)

    return ModuloSpesa(
        codice="prova",
        denominazione="Prova",
        aree=(uno("anziani"),),
        voci=(VoceSpesa(codice="sad", denominazione="SAD", fonte=ATTO),),
        gestioni=(uno("singola"),),
        modalita=(uno("diretta"),),
        fonti=(uno("risorse_comune"),),
        fonte=ATTO,
    )


def test_hook_moduli_spesa() -> None:
    class Plugin:
        @hookimpl
        def moduli_spesa(self, anno: int) -> tuple[ModuloSpesa, ...]:
            return (_modulo(),) if anno >= 2025 else ()

    gestore = _gestore(Plugin())
    ((modulo,),) = gestore.hook.moduli_spesa(anno=2025)
    assert modulo.voci[0].codice == "sad"
    assert gestore.hook.moduli_spesa(anno=2024) == [()]


def test_hook_aggiunte_spesa() -> None:
    class Plugin:
        @hookimpl
        def aggiunte_spesa(self, anno: int) -> tuple[AggiuntaSpesa, ...]:
            voce = VoceSpesa(codice=f"trasporto-{anno}", denominazione="Trasporto", fonte=ATTO)
            return (AggiuntaSpesa(codice="mie", modulo="prova", voci=(voce,), fonte=ATTO),)

    (aggiunte,) = _gestore(Plugin()).hook.aggiunte_spesa(anno=2025)
    modulo = componi(_modulo(), aggiunte)
    assert [voce.codice for voce in modulo.voci] == ["sad", "trasporto-2025"]


def test_hook_schemi() -> None:
    class Plugin:
        @hookimpl
        def schemi(self) -> tuple[Path, ...]:
            return (Path("schemi/sad.yaml"),)

    assert _gestore(Plugin()).hook.schemi() == [(Path("schemi/sad.yaml"),)]


def _indicatore() -> Indicatore:
    return Indicatore(
        codice="prova.attese", denominazione="Persone in attesa", focus="vulnerabilita",
        dimensione="domanda", tema="Casa", luogo="pagina 3", unita="persone", fonte=ATTO,
    )  # fmt: skip


def test_hook_indicatori() -> None:
    class Plugin:
        @hookimpl
        def indicatori(self) -> tuple[Indicatore, ...]:
            return (_indicatore(),)

    ((uno,),) = _gestore(Plugin()).hook.indicatori()
    assert (uno.specie, uno.ammette("provincia")) == ("elementare", True)
    rapporto = variante(uno, codice="prova.quota", sopra="a1", sotto="b1", somma=False)
    assert rapporto.specie == "rapporto"
    calcolato = variante(uno, calcolo=CalcoloIndicatore(misura="spesa.importo"))
    assert calcolato.specie == "calcolato"


@pytest.mark.parametrize(
    ("campi", "frase"),
    [
        ({"codice": "con spazi"}, "non è il codice"),
        ({"tema": " "}, "ha una denominazione"),
        ({"sopra": "a1"}, "un termine solo"),
        ({"sopra": "a1", "sotto": "b1"}, "non si somma"),
        ({"per": 0}, "almeno 1"),
    ],
)
def test_un_indicatore_si_controlla_da_se(campi: dict[str, Any], frase: str) -> None:
    with pytest.raises(DichiarazioneErrata, match=frase):
        variante(_indicatore(), **campi)


@pytest.mark.parametrize("distretto", ["crema", "cremona", "casalmaggiore"])
def test_i_tre_distretti_usano_soltanto_il_contratto(distretto: str) -> None:
    cartella = PAGINE.parents[1] / "plugins" / distretto / f"capofila_{distretto}"
    ammessi = {*sys.stdlib_module_names, f"capofila_{distretto}"}
    file = sorted(cartella.rglob("*.py"))
    assert file
    for uno in file:
        for nodo in ast.walk(ast.parse(uno.read_text("utf-8"))):
            if isinstance(nodo, ast.ImportFrom):
                nomi = [nodo.module or ""]
            elif isinstance(nodo, ast.Import):
                nomi = [alias.name for alias in nodo.names]
            else:
                continue
            for nome in nomi:
                assert nome == "capofila.hooks" or nome.split(".")[0] in ammessi, uno.name


def test_hook_prospetti_spesa() -> None:
    class Plugin:
        @hookimpl
        def prospetti_spesa(self, anno: int) -> tuple[ProspettoSpesa, ...]:
            return (
                ProspettoSpesa(
                    codice=f"prova-{anno}",
                    denominazione="Prova",
                    destinatario="Nessuno",
                    versione_schema="1",
                    modulo="prova",
                    tavole=("A", "B"),
                    formato="xlsx",
                    fonte=ATTO,
                ),
            )

    ((prospetto,),) = _gestore(Plugin()).hook.prospetti_spesa(anno=2025)
    assert prospetto.nome("D142", date(2026, 3, 1), 7) == "D142.PROVA-2025.20260301.0000007"
    assert (prospetto.id, prospetto.estensione) == ("prova-2025", "xlsx")
    for campi, frase in (
        ({"tavole": ()}, "almeno una tavola"),
        ({"tavole": ("A", "A")}, "nessuna due volte"),
        ({"formato": "csv"}, "una tavola sola"),
        ({"codice": "Con spazi"}, "non è un codice"),
    ):
        with pytest.raises(DichiarazioneErrata, match=frase):
            variante(prospetto, **campi)


def test_hook_rapporti_spesa() -> None:
    class Plugin:
        @hookimpl
        def rapporti_spesa(self, anno: int) -> tuple[RapportoSpesa, ...]:
            sezione = SezioneRapporto(
                tavola=TavolaRapporto.GESTIONE,
                titolo=f"Gestione del {anno}",
                perimetri=(PerimetroRapporto.AMBITO,),
            )
            return (
                RapportoSpesa(
                    codice="prova", denominazione="Prova", sezioni=(sezione,), fonte=ATTO
                ),
            )

    ((rapporto,),) = _gestore(Plugin()).hook.rapporti_spesa(anno=2025)
    assert rapporto.sezioni[0].titolo == "Gestione del 2025"


def test_hook_graduatorie() -> None:
    class Plugin:
        @hookimpl
        def graduatorie(self) -> tuple[Graduatoria, ...]:
            return (
                Graduatoria(
                    codice="prova",
                    denominazione="Prova",
                    servizio="Posto",
                    dati=(DatoDomanda(codice="sola", denominazione="Sola", tipo=TipoDato.SI_NO),),
                    criteri=(
                        CriterioPunti(
                            codice="nucleo", denominazione="Nucleo", fonte=ATTO,
                            misura=PuntiSe(dato="sola", punti=Decimal(5)),
                        ),
                    ),
                    fonte=ATTO,
                ),
            )  # fmt: skip

    ((graduatoria,),) = _gestore(Plugin()).hook.graduatorie()
    assert graduatoria.criteri[0].massimo == 5


def test_hook_criteri_riparto() -> None:
    class Plugin:
        @hookimpl
        def criteri_riparto(self, anno: int) -> tuple[CriteriRiparto, ...]:
            return (
                CriteriRiparto(
                    codice=f"prova-{anno}", denominazione="Prova", fondo="fnps", nome_fondo="FNPS",
                    fra=FraRiparto.COMUNI,
                    grandezze=(
                        Grandezza(
                            codice="uguali", denominazione="parti uguali",
                            origine=OrigineGrandezza.PARTI_UGUALI,
                        ),
                    ),
                    quote=(
                        QuotaRiparto(
                            codice="uguali", denominazione="Uguali", peso=Decimal(1),
                            grandezza="uguali",
                        ),
                    ),
                    fonte=ATTO,
                ),
            )  # fmt: skip

    ((criteri,),) = _gestore(Plugin()).hook.criteri_riparto(anno=2025)
    assert (criteri.codice, criteri.resto) == ("prova-2025", "maggiori resti")


def test_hook_accreditamento() -> None:
    class Plugin:
        @hookimpl
        def accreditamento(self) -> tuple[RegoleAccreditamento, ...]:
            return (
                RegoleAccreditamento(
                    codice="prova", denominazione="Prova", unita="Nido",
                    requisiti=(
                        RequisitoAccreditamento(
                            codice="educatori", denominazione="Educatori", testo="Uno ogni otto.",
                            area=AreaRequisito.PROFESSIONALE, fonte=ATTO,
                            prova=ProvaPerUtenti(unita="educatori", minimo=Decimal(1), ogni=8),
                        ),
                    ),
                    fonte=ATTO,
                ),
            )  # fmt: skip

    ((regole,),) = _gestore(Plugin()).hook.accreditamento()
    assert (regole.durata_mesi, regole.requisiti[0].entro_giorni) == (None, None)


def test_hook_pagine() -> None:
    class Plugin:
        @hookimpl
        def pagine(self) -> tuple[PaginaPlugin, ...]:
            return (PaginaPlugin(codice="visite", titolo="V", modello="<p>v</p>", fonte=ATTO),)

    ((pagina,),) = _gestore(Plugin()).hook.pagine()
    assert pagina.chi is ChiVede.UFFICIO
    for campi, frase in (
        ({"codice": "Con spazi"}, "non è un codice"),
        ({"modello": ""}, "da 1 a 32.768 caratteri"),
        ({"modello": "x" * 40_000}, "da 1 a 32.768 caratteri"),
        ({"tabelle": ("a", "a")}, "due volte"),
    ):
        with pytest.raises(DichiarazioneErrata, match=frase):
            variante(pagina, **campi)


def test_hook_voci_menu() -> None:
    class Plugin:
        @hookimpl
        def voci_menu(self) -> tuple[VoceMenuPlugin, ...]:
            return (VoceMenuPlugin(codice="visite", titolo="V", pagina="visite", fonte=ATTO),)

    ((voce,),) = _gestore(Plugin()).hook.voci_menu()
    assert voce.pagina == "visite"
    with pytest.raises(DichiarazioneErrata, match="ordine da 1 a 99"):
        variante(voce, ordine=100)


def test_hook_modelli() -> None:
    class Plugin:
        @hookimpl
        def modelli(self) -> tuple[ModelloPlugin, ...]:
            return (
                ModelloPlugin(blocco=BloccoModello.CASA_AVVISO, modello="<p>x</p>", fonte=ATTO),
            )

    ((uno,),) = _gestore(Plugin()).hook.modelli()
    assert uno.codice == "casa-avviso"
    assert uno.blocco.marcato
    with pytest.raises(DichiarazioneErrata, match="caratteri"):
        variante(uno, modello=" ")


def _tabella(nome: str, *campi: Campo) -> NuovaTabella:
    return NuovaTabella(tabella=nome, denominazione=nome, campi=campi)


def test_hook_migrazioni() -> None:
    giorno = Campo("giorno", Tipo.DATA, "Giorno", obbligatorio=True)

    class Plugin:
        @hookimpl
        def migrazioni(self) -> tuple[MigrazionePlugin, ...]:
            passi = (_tabella("visite", giorno), NuovoIndice(tabella="visite", campi=("giorno",)))
            return (MigrazionePlugin(codice="0001_visite", passi=passi, fonte=ATTO),)

    ((prima,),) = _gestore(Plugin()).hook.migrazioni()
    assert tabelle((prima,))["visite"].indici == (("giorno",),)
    with pytest.raises(DichiarazioneErrata, match="0001_verbali"):
        variante(prima, codice="uno")
    note = Campo("note", Tipo.TESTO, "Note")
    for passo, frase in (
        (_tabella("visite", note), "c'è già"),
        (_tabella("Visite"), "non ha un nome"),
        (_tabella("altra"), "da 1 a 60 colonne"),
        (_tabella("altra", note, note), "una volta sola"),
        (_tabella("altra", Campo("ambito_id", Tipo.INTERO, "A")), "non può essere una colonna"),
        (_tabella("altra", Campo("cf", Tipo.CODICE_FISCALE, "CF")), "di un tipo che"),
        (_tabella("altra", Campo("c", Tipo.CODICE, "C")), "non può essere una colonna"),
        (_tabella("altra", Campo("cc", Tipo.CODICE, "C")), "non dice i suoi codici"),
        (_tabella("altra", Campo("tt", Tipo.TESTO, "T", lunghezza=(0, 9000))), "2000 caratteri"),
        (NuoveColonne(tabella="visite", campi=(giorno,)), "obbligatoria"),
        (NuoveColonne(tabella="assente", campi=(note,)), "non c'è ancora"),
        (NuovoIndice(tabella="visite", campi=("note",)), "colonne che la tabella non ha"),
    ):
        dopo = MigrazionePlugin(codice="0002_dopo", passi=(passo,), fonte=ATTO)
        with pytest.raises(DichiarazioneErrata, match=frase):
            tabelle((prima, dopo))
    with pytest.raises(DichiarazioneErrata, match="non cresce"):
        tabelle((prima, variante(prima, codice="0001_altra")))


def test_hook_lavori() -> None:
    class Plugin:
        @hookimpl
        def lavori(self) -> tuple[LavoroPlugin, ...]:
            return (
                LavoroPlugin(
                    codice="conta",
                    denominazione="Conta",
                    da="visite",
                    verso="riepilogo",
                    calcola=lambda righe: [{"visite": str(len(righe))}],
                    fonte=ATTO,
                ),
            )

    ((lavoro,),) = _gestore(Plugin()).hook.lavori()
    assert lavoro.calcola([{}, {}]) == [{"visite": "2"}]
    for campi, frase in (({"verso": "visite"}, "due tabelle"), ({"secondi": 0}, "secondi")):
        with pytest.raises(DichiarazioneErrata, match=frase):
            variante(lavoro, **campi)
