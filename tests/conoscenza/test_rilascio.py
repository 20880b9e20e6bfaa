"""What of the indicators is released: complete, small figures hidden, nothing got back; the agency reads it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import NonTrovato
from capofila.confronto import indicatori
from capofila.confronto.memoria import Memoria, Uscita, ricorda
from capofila.confronto.rules import SENZA_CAPOLUOGO, TUTTI
from capofila.confronto.soppressione import TUTTE
from capofila.conoscenza import service
from capofila.conoscenza.catalogo import componi, dell_allegato
from capofila.conoscenza.rilascio import Rilascio, scegli, voce_di
from capofila.conoscenza.rules import Territorio, Valore
from capofila.conoscenza.valori import Luoghi
from tests.confronto.attacco import Attacco
from tests.confronto.casi import conviene, legge, pubblica
from tests.conoscenza.casi import porta
from tests.prestazioni.casi import contesto

COMUNI = {f"00000{n}": f"C{n}" for n in range(5)}
DOVE = Luoghi(
    anno=2020,
    ambito=Territorio(codice="ambito", nome="Prova", comuni=tuple(COMUNI), abitanti=500),
    provincia=Territorio(codice="provincia", nome="Provincia", comuni=()),
    sub_ambiti={},
    comuni={i: Territorio(codice=i, nome=n, comuni=(i,), abitanti=100) for i, n in COMUNI.items()},
    capoluogo="000000",
    fonti_abitanti=(),
)


def rilascio(**celle: dict[str, int]) -> Rilascio:
    return scegli(
        componi(dell_allegato()), DOVE,
        [
            Valore(codice=c.replace("_", "-"), anno=2020, territorio=t, valore=Decimal(v))
            for c, dove in celle.items() for t, v in dove.items()
        ],
    )  # fmt: skip


def di_tutti(*valori: int) -> dict[str, int]:
    return dict(zip(COMUNI, valori, strict=True))


def test_escono_gli_indicatori_completi_e_se_no_la_cifra_dell_ambito() -> None:
    letto = rilascio(
        VUL_B_21=di_tutti(9, 9, 9, 9, 9), VUL_B_22={"000001": 30}, VUL_B_23={"ambito": 40, "000001": 7},
        NAD_D_09=di_tutti(1000, 2000, 0, 0, 0), VUL_B_10=di_tutti(1, 2, 3, 4, 5), VUL_B_29={"ambito": 12},
    )  # fmt: skip
    per_codice = {u.codice: u for u in letto.indicatori}
    assert {*per_codice} == {"VUL-B-21", "VUL-B-23", "VUL-B-29"}
    assert per_codice["VUL-B-23"].ambito == 40
    # Some comuni without the others would be subtracted from the ambito's figure.
    assert not per_codice["VUL-B-23"].comuni
    assert letto.incompleti == ("VUL-B-22", "VUL-B-23")


@pytest.mark.parametrize(
    "valori",
    [(20, 2, 9, 14, 30), (3, 8, 9, 14, 30), (1, 1, 0, 1, 1), (50, 4, 0, 0, 0), (1, 1, 1, 1, 1)],
)
def test_una_cifra_piccola_non_torna_dai_totali(valori: tuple[int, ...]) -> None:
    (uno,) = rilascio(VUL_B_21=di_tutti(*valori)).indicatori
    cifre = indicatori.cifre_di(uno, "000000", 5)
    tavola = indicatori.tavola_di(uno, "000000")
    piene = tavola.completa({(i, uno.codice): v for i, v in uno.comuni.items()})
    via = {r for r, c in cifre.items() if c.soppressa}
    assert {i for i, v in uno.comuni.items() if 0 < v < 5} <= via
    nascoste = [(r, c) for r in via for c in (uno.codice, TUTTE)]
    attacco = Attacco(tavola, piene, nascoste, 1)
    for riga in via:
        basso, alto = attacco.fra((riga, uno.codice))
        assert alto is None or alto - basso >= 5, riga
    for riga, cifra in cifre.items():
        assert cifra.valore == (None if riga in via else piene[riga, uno.codice])


def test_un_rapporto_nasconde_cio_che_nascondono_i_suoi_termini() -> None:
    letto = rilascio(FAM_B_05a=di_tutti(30, 2, 40, 50, 60), FAM_B_05b=di_tutti(100, 90, 80, 70, 60))
    assert letto.rapporti["FAM-B-05"][1:] == ("FAM-B-05a", "FAM-B-05b")
    cifre = {(c.riga, c.voce, c.misura): c for c in indicatori.cifre(letto, "000000", 5)}
    assert cifre["000001", "FAM-B-05a", "valore"].soppressa
    assert not cifre["000001", "FAM-B-05b", "valore"].soppressa
    for misura in ("sopra", "sotto"):
        assert cifre["000001", "FAM-B-05", misura].valore is None
    assert cifre[TUTTI, "FAM-B-05", "sopra"].valore == 182
    assert cifre[TUTTI, TUTTE, "abitanti"].valore == 500
    assert cifre[SENZA_CAPOLUOGO, TUTTE, "abitanti"].valore == 400


def test_cio_che_fu_nascosto_lo_resta() -> None:
    (uno,) = rilascio(VUL_B_21=di_tutti(20, 8, 9, 14, 30)).indicatori
    assert not any(c.soppressa for c in indicatori.cifre_di(uno, "000000", 5).values())
    dopo = indicatori.cifre_di(
        uno, "000000", 5, Memoria(frozenset({("000001", "VUL-B-21"), ("000002", "ALTRO")}))
    )
    assert dopo["000001"].soppressa
    # Beside it another one, or it would come back from the total.
    assert len([c for c in dopo.values() if c.soppressa]) >= 2


def test_un_rapporto_non_dice_i_pochi_che_restano_fuori() -> None:
    """Out of ninety children eighty-eight: the two who are not are as few as two who are."""
    letto = rilascio(
        FAM_B_05a=di_tutti(30, 88, 40, 50, 20), FAM_B_05b=di_tutti(100, 90, 80, 70, 60)
    )
    cifre = {(c.riga, c.voce, c.misura): c for c in indicatori.cifre(letto, "000000", 5)}
    assert cifre["000001", "FAM-B-05a", "valore"].soppressa
    assert cifre["000001", "FAM-B-05", "sopra"].soppressa
    via = {c.riga for c in cifre.values() if c.voce == "FAM-B-05a" and c.soppressa}
    (uno,) = (u for u in letto.indicatori if u.codice == "FAM-B-05a")
    attacco = Attacco(
        indicatori.tavola_di(uno, "000000"), indicatori.piene_di(uno, "000000"),
        [(r, c) for r in via for c in (uno.codice, TUTTE)], 1,
    )  # fmt: skip
    basso, alto = attacco.fra(("000001", uno.codice))
    assert alto is None or alto - basso >= 5


def uscite(dataset: str, voce: str, celle: dict[str, int | None], numero: int = 1) -> list[Uscita]:
    return [
        Uscita(numero, dataset, riga, voce, "persone" if dataset == "utenti" else "valore",
               None if v is None else Decimal(v), v is None, letta=True)
        for riga, v in celle.items()
    ]  # fmt: skip


def test_le_stesse_cifre_in_due_insiemi_nascondono_le_stesse_celle() -> None:
    """Another comune hidden beside the small one would give it back from the total of the other dataset."""
    (uno,) = rilascio(VUL_B_21=di_tutti(20, 2, 9, 14, 30)).indicatori
    nostre = {(r, uno.codice): v for r, v in uno.comuni.items()}
    da_sole = {r for r, c in indicatori.cifre_di(uno, "000000", 5).items() if c.soppressa}
    assert "000003" not in da_sole
    loro = {
        **di_tutti(20, 2, 9, 14, 30),
        "000001": None,
        "000003": None,
        TUTTI: 75,
        SENZA_CAPOLUOGO: 55,
    }
    prima = ricorda("indicatori", nostre, "valore", uscite("utenti", "A1.01", loro))
    insieme = {r for r, c in indicatori.cifre_di(uno, "000000", 5, prima).items() if c.soppressa}
    assert insieme == {"000001", "000003"}
    # Other figures are other figures.
    diverse = ricorda(
        "indicatori", nostre, "valore", uscite("utenti", "A1.01", {**loro, "000000": 21})
    )
    assert not diverse.nascoste


def test_la_versione_di_prima_non_restituisce_la_cella_che_ora_e_piccola() -> None:
    prima = ricorda(
        "indicatori", {}, "valore",
        uscite("indicatori", "VUL-B-21", {**di_tutti(20, 8, 9, 14, 30), TUTTI: 81, SENZA_CAPOLUOGO: 61}),
    )  # fmt: skip
    (uno,) = rilascio(VUL_B_21=di_tutti(20, 2, 9, 14, 30)).indicatori
    dopo = indicatori.cifre_di(uno, "000000", 5, prima)
    assert {r for r, c in dopo.items() if c.soppressa} >= {"000001", TUTTI, SENZA_CAPOLUOGO}


@pytest.mark.parametrize(
    ("uscita", "ora", "chiusa"),
    [
        ("", "S1", True),
        ("T2", "", True),
        ("05", "S1", True),
        ("S1", "S2", False),
        ("05", "06", False),
    ],
)
def test_di_un_anno_gia_uscito_non_escono_le_parti(uscita: str, ora: str, chiusa: bool) -> None:
    """The year less a half is the other half, of which few are told."""
    (uno,) = rilascio(VUL_B_21=di_tutti(20, 8, 9, 14, 30)).indicatori
    uno = msgspec.structs.replace(uno, codice=voce_di(uno.codice, ora))
    nostre = {(r, uno.codice): v for r, v in uno.comuni.items()}
    loro = {**di_tutti(40, 10, 18, 28, 60), TUTTI: 156, SENZA_CAPOLUOGO: 116}
    prima = ricorda(
        "indicatori", nostre, "valore", uscite("indicatori", voce_di("VUL-B-21", uscita), loro)
    )  # fmt: skip
    cifre = indicatori.cifre_di(uno, "000000", 5, prima)
    assert {c.soppressa for c in cifre.values()} == {chiusa}


@pytest.mark.anyio
@pytest.mark.usefixtures("ambiti")
async def test_l_ats_legge_l_indicatore_di_chi_l_ha_pubblicato() -> None:
    for slug, lista in (("crema", 500), ("cremona", 300)):
        esito = await porta(
            f"VUL-D-01;2015;;{lista};", "VUL-B-22;2015;;3;", "FAM-B-05a;2015;;25;", "FAM-B-05b;2015;;100;",
            slug=slug,
        )  # fmt: skip
        assert esito.importate == 4
    for slug in ("crema", "cremona"):
        convenzione = await conviene(slug, dataset=("indicatori",))
        if slug == "crema":
            await pubblica(slug, 2015, convenzione, "indicatori")
    letto = await legge(2015, dataset="indicatori", voce="VUL-D-01")
    assert {p.chiave: p.valore for p in letto.in_pagina} == {"crema": Decimal(500), "cremona": None}
    rapporto = await legge(2015, dataset="indicatori", indicatore="percento", voce="FAM-B-05")
    assert {p.chiave: p.valore for p in rapporto.in_pagina}["crema"] == Decimal("0.25")
    piccola = await legge(2015, dataset="indicatori", voce="VUL-B-22")
    assert piccola.uscite["crema"].soppressa
    assert piccola.uscite["crema"].sopra is None
    # What was released does not move with the figures.
    await porta("VUL-D-01;2015;;1;")
    ferma = await legge(2015, dataset="indicatori", voce="VUL-D-01")
    assert ferma.uscite["crema"].sopra == 500
    with pytest.raises(NonTrovato):
        await pubblica("cremona", 2016, convenzione, "indicatori")
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        assert len((await service.da_rilasciare(2015)).indicatori) == 4
