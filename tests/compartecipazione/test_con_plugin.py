"""Schemes of another plugin: the tariff without ISEE, by the year, without a code; and it goes away."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from capofila.base import attivazioni
from capofila.base.database import unita_corrente, unita_di_lavoro
from capofila.base.errori import NonTrovato
from capofila.base.plugin import Registro
from capofila.compartecipazione import decisioni, registro, service, utenze
from capofila.compartecipazione.effetti import Prova, altri_schemi, due_regole, effetto
from capofila.compartecipazione.lettera import lettera
from capofila.hooks import Manifesto, Privacy, hookimpl
from capofila.hooks.atti import Atto, Specie
from tests.compartecipazione.casi import attesta, contesto, persona, registra
from tests.compartecipazione.schemi import SAD
from tests.compartecipazione.test_adozioni import ATTO

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("ambiti")]
D = Decimal
_ATTO = Atto(specie=Specie.ACCORDO, organo="Comuni", titolo="Accordo di prova")


class Fornitore:
    """A vendor's plugin: transport with a tariff without ISEE, a fee by the year, one without a code."""

    def __init__(self, cartella: Path) -> None:
        self.cartella = cartella

    @hookimpl
    def manifesto(self) -> Manifesto:
        return Manifesto(
            id="crema_quote", distretto="crema", denominazione="Quote di prova", versione="1.0.0",
            contratto="1.3", fornitore="Ditta Esempio", licenza="EUPL-1.2",
            fonti=(_ATTO,),
            privacy=Privacy(dati_personali=False, dichiarazione="Solo tariffe."),
        )  # fmt: skip

    @hookimpl
    def schemi(self) -> tuple[Path, ...]:
        return tuple(sorted(self.cartella.glob("*.yaml")))


@pytest.fixture
def con_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for servizio, unita, codice in (
        ("trasporto", "mese", "codice_prestazione: A2.07\n"),
        ("iscrizione", "anno", "codice_prestazione: A2.07\n"),
        ("laboratorio", "mese", ""),
    ):
        testo = SAD.replace("prova-sad", f"prova-{servizio}").replace(
            "servizio: sad", f"{codice}servizio: {servizio}"
        )
        (tmp_path / f"{servizio}.yaml").write_text(testo.replace("unita: ora", f"unita: {unita}"))
    tutti = Registro.carica()
    tutti.registra(Fornitore(tmp_path))
    monkeypatch.setattr(attivazioni, "registro", lambda: tutti)
    return monkeypatch


async def _decisa(n: int, comune: str, servizio: str, isee: str | None) -> decisioni.Decisa:
    await unita_corrente().esegui(
        "INSERT INTO attivazione (plugin, dal) VALUES ('crema_quote', '2020-01-01') "
        "ON CONFLICT DO NOTHING"
    )
    await registra(comune, servizio=servizio, dal=date(2024, 1, 1))
    utenza = await persona(
        n, comune, servizio=servizio, dal=date(2025, 1, 1), quantita=D(2), costo=D(40)
    )
    if isee is not None:
        await attesta(utenza, isee)
    return await decisioni.leggi(await service.decidi(utenza, date(2025, 3, 1), ATTO))


@pytest.mark.usefixtures("con_plugin")
async def test_senza_isee_si_decide_per_la_tariffa_che_lo_schema_ha_e_va_nelle_prestazioni() -> (
    None
):
    async with unita_di_lavoro(await contesto("crema")):
        decisa = await _decisa(950, "G603", "trasporto", None)
        assert (decisa.quota, decisa.stato, decisa.attestazione_id) == (
            D("52.00"), "senza_isee", None,
        )  # fmt: skip
        assert decisa.cosa.quota.motivo == "isee_mancante"
        riprova = await service.rifai(decisa.id)
        assert riprova.integra
        assert riprova.uguale
        assert await registro.perche_no(decisa) == ""
        nota = await registro.base(decisa)
        assert "dsu_protocollo" not in nota.celle
        (una,) = registro.piano(nota, {}, D("80"))
        assert (una.celle["quota_utente"], una.celle["quota_ente"]) == ("52,00", "28,00")


@pytest.mark.usefixtures("con_plugin")
async def test_un_isee_che_non_si_puo_usare_prende_la_tariffa_e_non_ferma_l_attestazione() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await _decisa(951, "H130", "trasporto", None)
        utenza = await persona(952, "H130", servizio="trasporto", dal=date(2025, 1, 1))
        scaduta = await attesta(utenza, "4500", presentata=date(2024, 5, 1))
        decisa = await decisioni.leggi(await service.decidi(utenza, date(2025, 3, 1), ATTO))
        assert (decisa.stato, decisa.quota) == ("senza_isee", D("26.00"))
        assert decisa.cosa.quota.motivo == "isee_scaduto"
        # No decision rests on it: it can be withdrawn.
        await utenze.ritira_attestazione(scaduta)


@pytest.mark.usefixtures("con_plugin")
@pytest.mark.parametrize(
    ("n", "comune", "servizio", "detto"),
    [
        (953, "H276", "iscrizione", "di un anno e le prestazioni si scrivono per mese"),
        (954, "H314", "laboratorio", "non dice a quale codice"),
    ],
)
async def test_cio_che_non_va_nelle_prestazioni_dice_perche(
    n: int, comune: str, servizio: str, detto: str
) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        decisa = await _decisa(n, comune, servizio, "4500")
        assert detto in await registro.perche_no(decisa)
        with pytest.raises(service.DatiRifiutati, match=detto):
            await registro.base(decisa)


async def test_una_decisione_si_rifa_e_ha_la_sua_lettera_quando_il_plugin_non_e_piu_installato(
    con_plugin: pytest.MonkeyPatch,
) -> None:
    async with unita_di_lavoro(await contesto("crema")):
        decisa = await _decisa(955, "H315", "trasporto", "4500")
    con_plugin.undo()
    async with unita_di_lavoro(await contesto("crema")):
        assert "trasporto" not in await service.servizi(date(2025, 3, 1))
        riprova = await service.rifai(decisa.id)
        assert riprova.integra
        assert riprova.uguale
        assert riprova.quota.importo == decisa.quota
        assert "nessun plugin attivo" in await registro.perche_no(decisa)
        chi = await utenze.assistito(decisa.assistito_id)
        pdf = lettera(await decisioni.leggi(decisa.id), chi, "Ripalta Cremasca", "Crema")
        assert pdf.startswith(b"%PDF")


async def test_lo_stesso_atto_detto_due_volte_e_una_decisione() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await registra("H316", dal=date(2024, 1, 1))
        utenza = await persona(956, "H316", dal=date(2025, 1, 1), quantita=D(10))
        await attesta(utenza, "4500")
        prima = await service.decidi(utenza, date(2025, 3, 1), ATTO)
        assert await service.decidi(utenza, date(2025, 3, 1), ATTO) == prima
        altro = service.Provvedimento(organo="Giunta", numero="12", data=ATTO.data)
        dopo = await service.decidi(utenza, date(2025, 3, 1), altro)
        assert (await decisioni.leggi(dopo)).sostituisce == prima


@pytest.mark.usefixtures("con_plugin")
async def test_chi_usa_un_servizio_si_prova_con_un_altro_schema_della_stessa_unita() -> None:
    async with unita_di_lavoro(await contesto("crema")):
        await _decisa(955, "L539", "trasporto", "20000")
        giorno = date(2025, 3, 1)
        assert [s.id for s in await altri_schemi("trasporto", giorno)] == ["prova-laboratorio"]
        prova = Prova(contro="schema", schema="prova-laboratorio")
        trovato = await effetto("trasporto", giorno, prova, "L539")
        assert (trovato.tutti.persone, trovato.tutti.uguali) == (1, 1)
        adesso, poi = await due_regole("trasporto", giorno, prova, "L539")
        assert adesso is not None
        assert poi is not None
        assert (adesso.schema, poi.schema) == ("prova-trasporto", "prova-laboratorio")
        with pytest.raises(NonTrovato, match="altra unità"):
            await effetto("trasporto", giorno, Prova(contro="schema", schema="crema-sad"))
