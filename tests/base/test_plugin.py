"""The registry: what is refused, who answers, and what an ambito can reach."""

from __future__ import annotations

import inspect
import io
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import date
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, BinaryIO

import msgspec
import pytest

from capofila.base.errori import NonTrovato
from capofila.base.plugin import (
    Attivazione,
    AvvioRifiutato,
    LettoreProtetto,
    PluginAssente,
    PluginAttivi,
    PluginInConflitto,
    PluginInErrore,
    PluginRifiutato,
    Registro,
    protetto,
)
from capofila.hooks import (
    Adempimento,
    AggiuntaSpesa,
    Atto,
    FileNonLeggibile,
    Flusso,
    FlussoRicevuto,
    IntestazioneFlusso,
    LettoreFlussi,
    Manifesto,
    Organo,
    Privacy,
    RadiceXML,
    RecordLetto,
    RegolaData,
    Specie,
    TracciatoCSV,
    VoceSpesa,
    hookimpl,
)

ATTO = Atto(specie=Specie.ACCORDO, organo="Comuni", titolo="Accordo di prova")
OGGI = date(2026, 3, 1)
NOME_SEGRETO = "RSSMRA80A01D150J"


def _manifesto(id: str = "prova", **campi: object) -> Manifesto:
    return msgspec.structs.replace(
        Manifesto(
            id=id,
            distretto=id,
            denominazione=f"Plugin {id}",
            versione="1.2.0",
            contratto="1.0",
            fornitore="Ditta Esempio",
            licenza="EUPL-1.2",
            fonti=(ATTO,),
            privacy=Privacy(dati_personali=False, dichiarazione="Nessun dato."),
        ),
        **campi,
    )


def _flusso(id: str) -> Flusso:
    return Flusso(
        id=id,
        denominazione=id,
        destinatario="Nessuno",
        versione_schema="1",
        fonte="prestazioni",
        campi=(),
        regole=(),
        tracciato=TracciatoCSV(colonne=()),
        estensione="csv",
        media_type="text/csv",
        fonti_normative=("Accordo di prova",),
    )


def _organo(codice: str, **campi: object) -> Organo:
    return msgspec.structs.replace(Organo(codice=codice, denominazione=codice, fonte=ATTO), **campi)


def _adempimento(codice: str, **campi: object) -> Adempimento:
    return msgspec.structs.replace(
        Adempimento(
            codice=codice,
            titolo=codice,
            organo="assemblea",
            regola=RegolaData(mese=3),
            fonte=ATTO,
        ),
        **campi,
    )


class Plugin:
    """The smallest good plugin; the others add to it."""

    def __init__(self, id: str = "prova", **campi: object) -> None:
        self._manifesto = _manifesto(id, **campi)

    @hookimpl
    def manifesto(self) -> Manifesto:
        return self._manifesto


class ConFlussi(Plugin):
    def __init__(self, id: str, *flussi: str) -> None:
        super().__init__(id)
        self._flussi = flussi

    @hookimpl
    def flussi(self) -> tuple[Flusso, ...]:
        return tuple(_flusso(id) for id in self._flussi)


class ConPrincipale(Plugin):
    @hookimpl
    def flussi(self) -> tuple[Flusso, ...]:
        id = self._manifesto.id
        return (_flusso(id), msgspec.structs.replace(_flusso(f"{id}-p"), principale=True))


class ConLettore(Plugin):
    """Reads documents of one root element, by a function that a test gives."""

    def __init__(
        self, id: str, radice: RadiceXML, apri: Callable[[BinaryIO], Any] = lambda _: None
    ) -> None:
        super().__init__(id)
        self._lettore = LettoreFlussi(denominazione=id, radice=radice, apri=apri)

    @hookimpl
    def lettori(self) -> tuple[LettoreFlussi, ...]:
        return (self._lettore,)


class ConOrgani(Plugin):
    def __init__(self, id: str, *organi: Organo) -> None:
        super().__init__(id)
        self._organi = organi

    @hookimpl
    def organi(self) -> tuple[Organo, ...]:
        return self._organi


class ConAdempimenti(Plugin):
    def __init__(self, id: str, *adempimenti: Adempimento) -> None:
        super().__init__(id)
        self._adempimenti = adempimenti

    @hookimpl
    def adempimenti(self, anno: int) -> tuple[Adempimento, ...]:
        return self._adempimenti


def _registro(*plugin: object) -> Registro:
    registro = Registro()
    for uno in plugin:
        registro.registra(uno)
    return registro


def _attive(*ids: str) -> list[Attivazione]:
    return [Attivazione(plugin=id, dal=date(2020, 1, 1)) for id in ids]


def _rifiuto(plugin: object) -> PluginRifiutato:
    with pytest.raises(PluginRifiutato) as preso:
        Registro().registra(plugin)
    return preso.value


# --- refused at start --------------------------------------------------------------------------


def test_un_hook_che_non_esiste_e_rifiutato_con_il_nome_del_fornitore() -> None:
    class Refuso(Plugin):
        @hookimpl
        def fluss(self) -> tuple[Flusso, ...]:
            return ()

    rifiuto = _rifiuto(Refuso())
    assert rifiuto.motivi == ("l'hook «fluss» non esiste nel contratto",)
    assert rifiuto.messaggio == (
        "Il plugin «prova» di Ditta Esempio non può essere caricato: "
        "l'hook «fluss» non esiste nel contratto."
    )


def test_un_argomento_che_non_esiste_e_rifiutato() -> None:
    class Argomento(Plugin):
        @hookimpl
        def adempimenti(self, anno: int, comune: str) -> tuple[Adempimento, ...]:
            return ()

    rifiuto = _rifiuto(Argomento())
    assert "argomenti" in rifiuto.motivi[0]
    assert (rifiuto.plugin, rifiuto.fornitore) == ("prova", "Ditta Esempio")


def test_un_hook_asincrono_e_rifiutato() -> None:
    class Asincrono(Plugin):
        @hookimpl
        async def organi(self) -> tuple[Organo, ...]:
            return ()

    assert _rifiuto(Asincrono()).motivi == ("l'hook «organi» è asincrono",)


@pytest.mark.parametrize("marcatore", [hookimpl(wrapper=True), hookimpl(hookwrapper=True)])
def test_un_wrapper_e_rifiutato_perche_cambierebbe_le_risposte_altrui(
    marcatore: Callable[[Any], Any],
) -> None:
    class Involucro(Plugin):
        @marcatore
        def organi(self) -> Any:
            return (yield)

    (motivo,) = _rifiuto(Involucro()).motivi
    assert "wrapper" in motivo


def test_una_funzione_con_un_altro_nome_e_due_risposte_allo_stesso_hook_sono_rifiutate() -> None:
    class Doppio(Plugin):
        @hookimpl
        def organi(self) -> tuple[Organo, ...]:
            return ()

        @hookimpl(specname="organi")
        def altri_organi(self) -> tuple[Organo, ...]:
            return ()

    assert set(_rifiuto(Doppio()).motivi) == {
        "l'hook «organi» è dato 2 volte",
        "l'hook «organi» è una funzione con un altro nome",
    }


def test_senza_manifesto_e_rifiutato() -> None:
    class Anonimo:
        @hookimpl
        def flussi(self) -> tuple[Flusso, ...]:
            return ()

    rifiuto = _rifiuto(Anonimo())
    assert rifiuto.motivi == ("manca il manifesto",)
    assert "«Anonimo»" in rifiuto.messaggio


@pytest.mark.parametrize(
    ("campi", "motivo"),
    [
        ({"fonti": ()}, "manca una fonte normativa"),
        (
            {"privacy": Privacy(dati_personali=False, dichiarazione=" ")},
            "manca la dichiarazione sulla privacy",
        ),
        ({"contratto": "1.9"}, "è scritto per il contratto 1.9"),
        ({"contratto": "2.0"}, "è scritto per il contratto 2.0"),
    ],
)
def test_un_manifesto_con_difetti_e_rifiutato(campi: dict[str, object], motivo: str) -> None:
    rifiuto = _rifiuto(Plugin("prova", **campi))
    assert motivo in rifiuto.messaggio
    assert "«prova» di Ditta Esempio" in rifiuto.messaggio


@pytest.mark.parametrize(
    "risposta", [None, {"id": "prova"}, _manifesto(fonti=("una legge",)), _manifesto(versione=1)]
)
def test_un_manifesto_di_un_altra_forma_e_rifiutato(risposta: object) -> None:
    class Storto:
        @hookimpl
        def manifesto(self) -> Any:
            return risposta

    assert _rifiuto(Storto()).motivi


def test_un_manifesto_che_fallisce_e_rifiutato() -> None:
    class Rotto:
        @hookimpl
        def manifesto(self) -> Manifesto:
            raise RuntimeError("niente")

    assert _rifiuto(Rotto()).motivi == ("il manifesto non si legge: RuntimeError",)


def test_due_plugin_con_lo_stesso_identificativo_sono_rifiutati() -> None:
    registro = _registro(Plugin("prova"))
    with pytest.raises(PluginRifiutato, match="è già del plugin «Plugin prova»"):
        registro.registra(Plugin("prova"))


# --- distributions -----------------------------------------------------------------------------


@pytest.fixture
def distribuzione(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[object, str], EntryPoint]:
    """An installed distribution, as pip would leave it, whose module holds the given hooks."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def installa(plugin: object, nome: str, versione: str = "1.2.0") -> EntryPoint:
        modulo = ModuleType(f"distretto_di_prova_{nome}")
        for attributo in ("manifesto", "flussi", "organi", "adempimenti"):
            if hasattr(plugin, attributo):
                setattr(modulo, attributo, getattr(plugin, attributo))
        monkeypatch.setitem(sys.modules, modulo.__name__, modulo)
        cartella = tmp_path / f"distretto_di_prova_{nome}-{versione}.dist-info"
        cartella.mkdir()
        (cartella / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: distretto-di-prova-{nome}\nVersion: {versione}\n"
            "Author: Ditta Esempio\n",
            encoding="utf-8",
        )
        (cartella / "entry_points.txt").write_text(
            f"[capofila.distretti]\n{nome} = {modulo.__name__}\n", encoding="utf-8"
        )
        from importlib.metadata import entry_points

        (punto,) = entry_points(group="capofila.distretti", name=nome)
        return punto

    return installa


def test_una_distribuzione_installata_si_trova_dal_suo_entry_point(
    distribuzione: Callable[..., EntryPoint],
) -> None:
    punto = distribuzione(ConFlussi("mantova", "mantova-1"), "mantova")
    registro = Registro.carica(integrati=(), distribuzioni=[punto])
    assert [manifesto.id for manifesto in registro.manifesti()] == ["mantova"]
    attivi = registro.attivi(_attive("mantova"), OGGI)
    assert [flusso.id for flusso in attivi.flussi()] == ["mantova-1"]


def test_all_avvio_si_dicono_tutti_i_rifiuti_insieme(
    distribuzione: Callable[..., EntryPoint],
) -> None:
    punti = [
        distribuzione(Plugin("altro"), "mantova"),
        distribuzione(Plugin("lodi"), "lodi", versione="3.0"),
        EntryPoint("brescia", "modulo_che_non_esiste", "capofila.distretti"),
    ]
    with pytest.raises(AvvioRifiutato) as preso:
        Registro.carica(integrati=("altro_modulo_che_non_esiste",), distribuzioni=punti)
    messaggi = preso.value.messaggio.splitlines()
    assert len(messaggi) == len(preso.value.rifiuti) == 4
    for pezzo in (
        "«altro_modulo_che_non_esiste» di Capofila",
        "si chiama «mantova» e il manifesto dice «altro»",
        "dice versione 1.2.0, la distribuzione installata è la 3.0",
        "«brescia» di fornitore sconosciuto",
    ):
        assert sum(pezzo in messaggio for messaggio in messaggi) == 1


def test_il_siuss_e_un_plugin_integrato() -> None:
    registro = Registro.carica(distribuzioni=[])
    manifesto = registro.manifesto("siuss")
    assert manifesto.distretto is None
    assert manifesto.privacy.dati_personali
    attivi = registro.attivi(_attive("siuss"), OGGI)
    assert {"siuss", "siuss-sinba"} <= {flusso.id for flusso in attivi.flussi()}


# --- activation --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("giorno", "attivo"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 6, 30), True),
        (date(2026, 7, 1), False),
    ],
)
def test_un_plugin_agisce_solo_nei_giorni_in_cui_e_attivo(giorno: date, attivo: bool) -> None:
    registro = _registro(ConFlussi("mantova", "mantova-1"))
    attivazioni = [Attivazione(plugin="mantova", dal=date(2026, 1, 1), al=date(2026, 6, 30))]
    attivi = registro.attivi(attivazioni, giorno)
    assert bool(attivi.flussi()) is attivo
    assert bool(attivi.versioni()) is attivo


def test_un_plugin_non_attivo_non_si_raggiunge_e_non_viene_nemmeno_chiamato() -> None:
    chiamate: list[str] = []

    class Spia(Plugin):
        @hookimpl
        def flussi(self) -> tuple[Flusso, ...]:
            chiamate.append("flussi")
            return (_flusso("spia-1"),)

        @hookimpl
        def organi(self) -> tuple[Organo, ...]:
            chiamate.append("organi")
            return (_organo("spia"),)

        @hookimpl
        def adempimenti(self, anno: int) -> tuple[Adempimento, ...]:
            chiamate.append("adempimenti")
            return (_adempimento("spia"),)

    registro = _registro(Spia("spia"), ConFlussi("mantova", "mantova-1"))
    attivi = registro.attivi(_attive("mantova"), OGGI)
    assert [flusso.id for flusso in attivi.flussi()] == ["mantova-1"]
    assert attivi.organi() == ()
    assert attivi.adempimenti(2026) == ()
    assert attivi.scadenze(2026) == ()
    assert attivi.calendario(date(2026, 1, 1), date(2026, 12, 31)) == ()
    assert attivi.versioni() == {"mantova": "1.2.0"}
    for chiedi in (attivi.flusso, attivi.manifesto_del_flusso):
        with pytest.raises(NonTrovato, match="spia-1"):
            chiedi("spia-1")
    with pytest.raises(NonTrovato, match="non è previsto"):
        attivi.organo("spia")
    assert chiamate == []
    # The same registry does reach it where it is active.
    assert registro.attivi(_attive("spia"), OGGI).organo("spia").codice == "spia"


def test_un_plugin_registrato_dopo_non_parla_al_posto_di_un_altro() -> None:
    registro = _registro(ConFlussi("mantova", "mantova-1"))
    attivazioni = _attive("mantova")
    attivi = registro.attivi(attivazioni, OGGI)
    assert len(attivi.flussi()) == 1
    registro.registra(ConFlussi("lodi", "lodi-1"))
    assert [flusso.id for flusso in attivi.flussi()] == ["mantova-1"]
    assert [f.id for f in registro.attivi(attivazioni, OGGI).flussi()] == ["mantova-1"]


def test_l_ordine_di_registrazione_non_conta() -> None:
    plugin = [ConFlussi("b", "2", "3"), ConFlussi("a", "4", "1")]
    plugin[0]._manifesto = _manifesto("bb")
    plugin[1]._manifesto = _manifesto("aa")
    for ordine in (plugin, plugin[::-1]):
        attivi = _registro(*ordine).attivi(_attive("bb", "aa"), OGGI)
        assert [flusso.id for flusso in attivi.flussi()] == ["1", "2", "3", "4"]
        assert list(attivi.versioni()) == ["aa", "bb"]


def test_un_plugin_attivo_e_non_installato_ferma_l_ambito() -> None:
    registro = _registro(Plugin("mantova"))
    with pytest.raises(PluginAssente, match="«lodi»"):
        registro.attivi(_attive("mantova", "lodi"), OGGI)
    passata = Attivazione(plugin="lodi", dal=date(2020, 1, 1), al=date(2021, 1, 1))
    assert registro.attivi([*_attive("mantova"), passata], OGGI).versioni() == {"mantova": "1.2.0"}


def test_la_stessa_domanda_riusa_lo_stesso_insieme() -> None:
    registro = _registro(Plugin("mantova"))
    primo = registro.attivi(_attive("mantova"), OGGI)
    assert registro.attivi(_attive("mantova", "mantova"), OGGI) is primo
    assert registro.attivi(_attive("mantova"), date(2026, 3, 2)) is not primo


# --- one answer to one question ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("uno", "altro", "che_cosa"),
    [
        (ConFlussi("aa", "x"), ConFlussi("bb", "x"), "Il flusso «x»"),
        (ConPrincipale("aa"), ConPrincipale("bb"), "Il flusso principale di «prestazioni»"),
        (
            ConLettore("aa", RadiceXML("urn:x", "Dati")),
            ConLettore("bb", RadiceXML("urn:x", "Dati")),
            "Il lettore di «Dati, spazio dei nomi urn:x»",
        ),
        (ConOrgani("aa", _organo("x")), ConOrgani("bb", _organo("x")), "L'organo «x»"),
        (
            ConAdempimenti("aa", _adempimento("x")),
            ConAdempimenti("bb", _adempimento("x")),
            "L'adempimento «x»",
        ),
        (
            ConOrgani("aa", _organo("x", valido_al=date(2020, 1, 1))),
            ConOrgani("bb", _organo("x", valido_dal=date(2020, 1, 2))),
            "L'organo «x»",
        ),
    ],
)
def test_due_risposte_alla_stessa_domanda_sono_un_errore_all_attivazione(
    uno: Plugin, altro: Plugin, che_cosa: str
) -> None:
    registro = _registro(uno, altro)
    for da_solo in ("aa", "bb"):
        registro.verifica(_attive(da_solo), OGGI)
    with pytest.raises(PluginInConflitto) as preso:
        registro.verifica(_attive("aa", "bb"), OGGI)
    assert preso.value.messaggio == (
        f"{che_cosa} è dato da due plugin attivi insieme: «aa» di Ditta Esempio e «bb» di "
        "Ditta Esempio. Uno dei due va disattivato."
    )


def test_chi_non_verifica_trova_comunque_il_conflitto() -> None:
    attivi = _registro(ConFlussi("aa", "x"), ConFlussi("bb", "x")).attivi(_attive("aa", "bb"), OGGI)
    with pytest.raises(PluginInConflitto):
        attivi.flussi()
    with pytest.raises(PluginInConflitto):
        attivi.flusso("x")


def test_il_conflitto_si_vede_prima_del_giorno_in_cui_comincia() -> None:
    registro = _registro(ConFlussi("aa", "x"), ConFlussi("bb", "x"))
    futura = Attivazione(plugin="bb", dal=date(2027, 1, 1))
    registro.verifica(
        [Attivazione(plugin="aa", dal=date(2020, 1, 1), al=date(2026, 12, 31)), futura], OGGI
    )
    with pytest.raises(PluginInConflitto):
        registro.verifica([*_attive("aa"), futura], OGGI)


def test_un_conflitto_passato_e_storia() -> None:
    registro = _registro(ConFlussi("aa", "x"), ConFlussi("bb", "x"))
    finita = Attivazione(plugin="bb", dal=date(2020, 1, 1), al=date(2020, 12, 31))
    registro.verifica([*_attive("aa"), finita], OGGI)


def test_due_distretti_possono_avere_un_organo_con_lo_stesso_codice_in_ambiti_diversi() -> None:
    registro = _registro(
        ConOrgani("aa", _organo("assemblea", denominazione="Assemblea di A")),
        ConOrgani("bb", _organo("assemblea", denominazione="Assemblea di B")),
    )
    nomi = [
        registro.attivi(_attive(id), OGGI).organo("assemblea").denominazione for id in ("aa", "bb")
    ]
    assert nomi == ["Assemblea di A", "Assemblea di B"]


def test_un_flusso_dato_due_volte_dallo_stesso_plugin_e_un_conflitto() -> None:
    registro = _registro(ConFlussi("aa", "x", "x"))
    with pytest.raises(PluginInConflitto, match="dà due volte il flusso «x»"):
        registro.verifica(_attive("aa"), OGGI)


def test_le_versioni_datate_di_un_organo_si_danno_il_cambio() -> None:
    registro = _registro(
        ConOrgani(
            "aa",
            _organo("x", denominazione="Nuovo", valido_dal=date(2026, 1, 1)),
            _organo("x", denominazione="Vecchio", valido_al=date(2025, 12, 31)),
        )
    )
    for giorno, nome in ((date(2025, 12, 31), "Vecchio"), (date(2026, 1, 1), "Nuovo")):
        (organo,) = registro.attivi(_attive("aa"), giorno).organi()
        assert organo.denominazione == nome


def test_due_versioni_che_valgono_gli_stessi_giorni_sono_un_errore_del_plugin() -> None:
    registro = _registro(
        ConOrgani(
            "aa",
            _organo("x", valido_al=date(2026, 1, 1)),
            _organo("x", valido_dal=date(2026, 1, 1)),
        )
    )
    with pytest.raises(PluginInErrore, match="due volte per gli stessi giorni"):
        registro.attivi(_attive("aa"), OGGI).organi()


# --- plugins that fail -------------------------------------------------------------------------


class Rotto(Plugin):
    @hookimpl
    def organi(self) -> tuple[Organo, ...]:
        raise ValueError(f"il beneficiario {NOME_SEGRETO} non va bene")


def test_un_plugin_che_fallisce_e_nominato_e_i_suoi_dati_no() -> None:
    registro = _registro(Rotto("rotto"))
    with pytest.raises(PluginInErrore) as preso:
        registro.attivi(_attive("rotto"), OGGI).organi()
    errore = preso.value
    assert (errore.plugin, errore.fornitore, errore.hook, errore.causa) == (
        "rotto",
        "Ditta Esempio",
        "organi",
        "ValueError",
    )
    assert errore.punto is not None
    assert errore.punto.startswith(f"{__name__}:")
    assert "«rotto» 1.2.0 di Ditta Esempio" in errore.messaggio
    assert NOME_SEGRETO not in "".join(traceback.format_exception(errore))
    assert errore.__context__ is None
    assert errore.__cause__ is None


def test_un_plugin_che_fallisce_ferma_il_suo_ambito_e_nessun_altro() -> None:
    registro = _registro(Rotto("rotto"), ConOrgani("sano", _organo("assemblea")))
    with pytest.raises(PluginInErrore):
        registro.attivi(_attive("rotto", "sano"), OGGI).organi()
    assert registro.attivi(_attive("sano"), OGGI).organo("assemblea")
    # What the broken plugin does not fail at goes on.
    assert registro.attivi(_attive("rotto"), OGGI).flussi() == ()


def test_un_plugin_che_esce_dal_processo_e_solo_un_errore() -> None:
    class Esce(Plugin):
        @hookimpl
        def organi(self) -> tuple[Organo, ...]:
            sys.exit(3)

    with pytest.raises(PluginInErrore, match="SystemExit"):
        _registro(Esce()).attivi(_attive("prova"), OGGI).organi()


def test_una_risposta_asincrona_e_rifiutata_senza_lasciare_coroutine() -> None:
    rimaste = []

    async def _piu_tardi() -> tuple[Organo, ...]:
        return ()

    class Furbo(Plugin):
        @hookimpl
        def organi(self) -> Any:
            rimaste.append(_piu_tardi())
            return rimaste[-1]

    with pytest.raises(PluginInErrore, match="asincrona"):
        _registro(Furbo()).attivi(_attive("prova"), OGGI).organi()
    assert [inspect.getcoroutinestate(una) for una in rimaste] == [inspect.CORO_CLOSED]


@pytest.mark.parametrize(
    "risposta",
    [
        [_organo("x")],
        (_flusso("x"),),
        (_organo("x"), _flusso("x")),
        _organo("x"),
        "organi",
        (_organo("x", valido_dal="2026-01-01"),),
        (_organo("x", invitati=("un invitato",)),),
        (_organo("x", durata_mesi="36"),),
        (_organo("x", segreteria=1),),
        (_organo("x", fonte=None),),
    ],
    ids=repr,
)
def test_una_risposta_del_tipo_sbagliato_e_rifiutata(risposta: object) -> None:
    class Storto(Plugin):
        @hookimpl
        def organi(self) -> Any:
            return risposta

    with pytest.raises(PluginInErrore) as preso:
        _registro(Storto()).attivi(_attive("prova"), OGGI).organi()
    assert preso.value.hook == "organi"


def test_un_flusso_senza_fonti_e_rifiutato() -> None:
    class SenzaFonti(Plugin):
        @hookimpl
        def flussi(self) -> tuple[Flusso, ...]:
            return (msgspec.structs.replace(_flusso("x"), fonti_normative=()),)

    with pytest.raises(PluginInErrore, match="il flusso «x» non cita una fonte"):
        _registro(SenzaFonti()).attivi(_attive("prova"), OGGI).flussi()


def test_una_funzione_di_un_plugin_si_esegue_protetta() -> None:
    manifesto = _manifesto()
    assert protetto(manifesto, "flussi", int, "12") == 12
    with pytest.raises(PluginInErrore) as preso:
        protetto(manifesto, "flussi", int, NOME_SEGRETO)
    assert preso.value.causa == "ValueError"
    assert NOME_SEGRETO not in "".join(traceback.format_exception(preso.value))


def test_una_dichiarazione_sbagliata_e_un_errore_del_plugin_e_non_dell_ambito() -> None:
    class Distratto(Plugin):
        @hookimpl
        def adempimenti(self, anno: int) -> tuple[Adempimento, ...]:
            return (_adempimento("x", regola=RegolaData(mese=anno)),)

    with pytest.raises(PluginInErrore, match="DichiarazioneErrata"):
        _registro(Distratto()).attivi(_attive("prova"), OGGI).adempimenti(2026)


# --- deadlines through the facade --------------------------------------------------------------


def test_il_calendario_prende_le_scadenze_che_cadono_nel_periodo_di_qualunque_anno() -> None:
    registro = _registro(
        ConAdempimenti(
            "aa",
            _adempimento("piano"),
            _adempimento("report", regola=RegolaData(mese=1, scarto_anni=1)),
            _adempimento("bilancio", regola=RegolaData(mese=12, scarto_anni=-1)),
        )
    )
    attivi = registro.attivi(_attive("aa"), OGGI)
    assert [(s.adempimento, s.anno, s.data) for s in attivi.scadenze(2026)] == [
        ("bilancio", 2026, date(2025, 12, 31)),
        ("piano", 2026, date(2026, 3, 31)),
        ("report", 2026, date(2027, 1, 31)),
    ]
    assert [
        (s.adempimento, s.anno) for s in attivi.calendario(date(2026, 1, 1), date(2026, 12, 31))
    ] == [("report", 2025), ("piano", 2026), ("bilancio", 2027)]


# --- readers of received files ------------------------------------------------------------------

DATI = RadiceXML("", "Dati")


def _ricevuto(*record: RecordLetto, **campi: Any) -> FlussoRicevuto:
    return FlussoRicevuto(
        **{
            "flusso": "x",
            "colonne": ("a",),
            "intestazione": IntestazioneFlusso("", "", "", "", ""),
            "record": iter(record),
        }
        | campi
    )


def _lettore(apri: Callable[[BinaryIO], Any]) -> LettoreProtetto:
    attivi = _registro(ConLettore("prova", DATI, apri)).attivi(_attive("prova"), OGGI)
    return attivi.lettore(DATI)


def test_il_lettore_si_trova_dall_elemento_radice_e_solo_se_e_attivo() -> None:
    registro = _registro(ConLettore("aa", DATI), ConLettore("bb", RadiceXML("urn:x", "Dati")))
    attivi = registro.attivi(_attive("aa", "bb"), OGGI)
    assert attivi.lettore(DATI).manifesto.id == "aa"
    assert attivi.lettore(RadiceXML("urn:x", "Dati")).manifesto.id == "bb"
    assert [lettore.denominazione for lettore in attivi.lettori()] == ["aa", "bb"]
    with pytest.raises(NonTrovato, match="«Dati»"):
        registro.attivi(_attive("bb"), OGGI).lettore(DATI)


def test_un_lettore_da_i_record_a_mano_a_mano() -> None:
    tre = [RecordLetto(celle=(str(n),)) for n in range(3)]
    lettore = _lettore(lambda _: _ricevuto(*tre))
    aperto = lettore.apri(io.BytesIO())
    assert [lettore.record(aperto, 2) for _ in range(3)] == [tre[:2], tre[2:], []]


def test_cio_che_un_lettore_non_sa_leggere_lo_dice_lui() -> None:
    def apri(_: BinaryIO) -> FlussoRicevuto:
        raise FileNonLeggibile("versione", "il file è di un'altra versione")

    with pytest.raises(FileNonLeggibile, match="altra versione"):
        _lettore(apri).apri(io.BytesIO())


def _rotto() -> Iterator[RecordLetto]:
    yield RecordLetto(celle=("1",))
    raise RuntimeError(NOME_SEGRETO)


@pytest.mark.parametrize(
    ("aperto", "causa"),
    [
        (None, "la sua forma"),
        (_ricevuto(intestazione=None), "la sua forma"),
        (_ricevuto(intestazione=IntestazioneFlusso(NOME_SEGRETO, None, "", "", "")), "la sua forma"),  # type: ignore[arg-type]
        (_ricevuto(record=None), "TypeError"),
        (_ricevuto(record=_rotto()), "RuntimeError"),
        (_ricevuto(record=iter([(NOME_SEGRETO,)])), "la sua forma"),
        (_ricevuto(RecordLetto(celle=(NOME_SEGRETO, None))), "la sua forma"),  # type: ignore[arg-type]
        (_ricevuto(RecordLetto(celle=("1",), forma=f"<a>{NOME_SEGRETO}</a>")), "tracciato"),
        (_ricevuto(RecordLetto(celle=("1",)), testata=b"<Dati>"), "tracciato"),
        (_ricevuto(RecordLetto(celle=("1",), forma=f"<a\nb='{NOME_SEGRETO}'/>"), testata=b"<D>"),
         "a capo"),
        (_ricevuto(RecordLetto(celle=("1",), forma="<a/>", gruppo="<g\x03>"), testata=b"<D>"),
         "a capo"),
    ],
)  # fmt: skip
def test_un_lettore_che_sbaglia_si_ferma_col_suo_nome_e_senza_dati(aperto: Any, causa: str) -> None:
    lettore = _lettore(lambda _: aperto)
    with pytest.raises(PluginInErrore, match="Ditta Esempio") as preso:
        lettore.record(lettore.apri(io.BytesIO()), 10)
    assert causa in preso.value.causa
    assert preso.value.hook == "lettori"
    assert NOME_SEGRETO not in "".join(traceback.format_exception(preso.value))


class ConSpesa(Plugin):
    """Adds a voce with that code to the built-in form of the social spending."""

    def __init__(self, id: str, voce: str) -> None:
        super().__init__(id)
        self._voce = voce

    @hookimpl
    def aggiunte_spesa(self, anno: int) -> tuple[AggiuntaSpesa, ...]:
        voce = VoceSpesa(codice=self._voce, denominazione="Voce", fonte=ATTO)
        return (
            AggiuntaSpesa(
                codice=self._manifesto.id, modulo="spesa-sociale", voci=(voce,), fonte=ATTO
            ),
        )


def _attive_spesa(voce: str) -> PluginAttivi:
    registro = Registro.carica(integrati=("capofila.spesa_sociale",), distribuzioni=())
    registro.registra(ConSpesa("mantova", voce))
    return registro.attivi(_attive("spesa_sociale", "mantova"), OGGI)


def test_il_modulo_della_spesa_ha_cio_che_i_plugin_attivi_aggiungono() -> None:
    attivi = _attive_spesa("trasporto")
    (modulo,) = attivi.moduli_spesa(2025)
    assert modulo.voci[-1].codice == "trasporto"
    assert attivi.moduli_spesa(2009) == ()


def test_chi_rifa_una_voce_del_modulo_della_spesa_e_chiamato_per_nome() -> None:
    with pytest.raises(PluginInErrore, match=r"mantova.*«sad» è data due volte"):
        _attive_spesa("sad").moduli_spesa(2025)
