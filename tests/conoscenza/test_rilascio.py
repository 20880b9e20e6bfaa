"""What of the indicators is released: complete, small figures hidden, nothing got back; the agency reads it."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from capofila.base.database import unita_di_lavoro
from capofila.base.errori import NonTrovato
from capofila.confronto import indicatori, pubblicazioni
from capofila.confronto.memoria import (
    Memoria,
    Trattenuta,
    Uscita,
    ricorda,
    trattenute,
    trattieni,
)
from capofila.confronto.rules import SENZA_CAPOLUOGO, TUTTI, Cifra
from capofila.confronto.soppressione import TUTTE
from capofila.conoscenza import consegne, service, valori
from capofila.conoscenza.catalogo import componi, dell_allegato
from capofila.conoscenza.rilascio import DaRilasciare, Rilascio, scegli, voce_di
from capofila.conoscenza.rules import Territorio, Valore
from capofila.conoscenza.valori import Luoghi
from tests.confronto.attacco import Attacco
from tests.confronto.casi import conviene, legge, pubblica
from tests.conoscenza.casi import csv_di, porta
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


def di(voce: str, *valori: int | None) -> list[Cifra]:
    return [
        Cifra(riga, voce, "valore", None if v is None else Decimal(v), v is None)
        for riga, v in zip(COMUNI, valori, strict=False)
    ]


def test_di_un_indicatore_trattenuto_si_dice_quale_periodo_era_gia_uscito() -> None:
    ora = [
        *di("VUL-B-21@S1", None, None), *di("VUL-B-21@S2", None, None), *di("VUL-B-22", None, 9),
        *di("VUL-B-23@05", None, None), *di("VUL-B-24", None, None), *di("FAM-B-05@T1", 3, 4),
    ]  # fmt: skip
    prima = {"VUL-B-21", "VUL-B-22@S1", "VUL-B-23@04", "VUL-B-24@T1", "VUL-B-24@07", "FAM-B-05"}
    assert trattieni(ora, prima) == (
        Trattenuta("VUL-B-21", ("VUL-B-21@S1", "VUL-B-21@S2"), "S", ("",)),
        Trattenuta("VUL-B-24", ("VUL-B-24",), "", ("T", "mese")),
    )
    # What is hidden because it is small has no such reason.
    assert trattieni(ora, set()) == ()


def test_una_colonna_di_cui_non_si_vide_nulla_non_chiude_le_altre() -> None:
    """A version in which the half-years were withheld said nothing: the year may go out again as it was."""
    nostre = {("000001", "VUL-B-21"): Decimal(9)}
    anno = uscite("indicatori", "VUL-B-21", {**di_tutti(20, 8, 9, 14, 30)}, 1)
    semestri = uscite("indicatori", "VUL-B-21@S1", dict.fromkeys(COMUNI), 2)
    prima = ricorda("indicatori", nostre, "valore", [*anno, *semestri])
    assert {voce for _, voce in prima.nascoste} == {"VUL-B-21@S1"}
    visti = uscite("indicatori", "VUL-B-21@S1", {**dict.fromkeys(COMUNI), "000002": 9}, 2)
    poi = ricorda("indicatori", nostre, "valore", [*anno, *visti])
    assert {voce for _, voce in poi.nascoste} == {"VUL-B-21", "VUL-B-21@S1"}


@pytest.mark.parametrize(
    ("prima", "soglia", "ora", "poi"),
    [
        # Four and four, each less than five, make a year of eight that is not.
        ({"VUL-D-03@S1": 4, "VUL-D-03@S2": 4}, 5, {"VUL-D-03": 8}, 5),
        # A year that was hidden from an agency, and its halves for one that agreed on a lower threshold.
        ({"VUL-D-03": 7}, 10, {"VUL-D-03@S1": 4, "VUL-D-03@S2": 3}, 3),
    ],
)
def test_una_colonna_soppressa_perche_piccola_chiude_le_altre(
    prima: dict[str, int], soglia: int, ora: dict[str, int], poi: int
) -> None:
    def dell_ambito(cifre: dict[str, int]) -> Rilascio:
        return Rilascio(
            indicatori=tuple(
                DaRilasciare(codice=c, nome=c, persone=True, comuni={}, ambito=Decimal(v))
                for c, v in cifre.items()
            ),
            rapporti={}, incompleti=(), dove=DOVE,
        )  # fmt: skip

    uscite = [
        Uscita(1, "indicatori", c.riga, c.voce, c.misura, c.valore, c.soppressa, False)
        for c in indicatori.cifre(dell_ambito(prima), None, soglia)
        if c.misura == "valore"
    ]
    assert {u.valore for u in uscite} == {None}
    nostre = {(TUTTI, voce): Decimal(v) for voce, v in ora.items()}
    memoria = ricorda("indicatori", nostre, "valore", uscite)
    trovate = [
        c for c in indicatori.cifre(dell_ambito(ora), None, poi, memoria) if c.misura == "valore"
    ]
    assert {c.soppressa for c in trovate} == {True}


async def cambia_frequenza(codice: str, frequenza: str, anno: int, *righe: str) -> None:
    """Take away the figures of a year, say how often the indicator is given, bring others in."""
    async with unita_di_lavoro(await contesto("crema")):
        for v in await valori.valori([anno], [codice]):
            await valori.togli_uno(codice, anno, v.parte, v.territorio)
        await consegne.incarica(codice, "", frequenza)
    testo = csv_di(*righe, colonne="codice;anno;periodo;territorio;valore")
    async with unita_di_lavoro(await contesto("crema")):
        esito = await valori.importa("cifre.csv", testo)
    assert esito.importate == len(righe), esito.errori


@pytest.mark.anyio
@pytest.mark.usefixtures("ambiti")
async def test_chi_cambia_la_frequenza_dopo_aver_pubblicato_sa_perche_non_esce_e_come_tornare() -> (
    None
):
    anno = 2008
    await porta(f"VUL-D-03;{anno};;400;", f"VUL-D-04;{anno};;70;")
    convenzione = await conviene("crema", dataset=("indicatori",))
    prima = await pubblica("crema", anno, convenzione, "indicatori")
    await cambia_frequenza(
        "VUL-D-03", "semestrale", anno, f"VUL-D-03;{anno};S1;;180", f"VUL-D-03;{anno};S2;;220"
    )
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        proposta = await pubblicazioni.proponi("indicatori", anno, convenzione)
        (una,) = proposta.trattenute
    assert una == Trattenuta("VUL-D-03", ("VUL-D-03@S1", "VUL-D-03@S2"), "S", ("",))
    seconda = await pubblica("crema", anno, convenzione, "indicatori")
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        per_voce = {
            c.voce: c for c in await pubblicazioni.cifre_di(seconda) if c.misura == "valore"
        }
        assert per_voce["VUL-D-03@S1"].soppressa
        assert per_voce["VUL-D-04"].valore == 70
        # The reason is told of that version, and not of the one that went out before.
        for id_, attese in ((prima, ()), (seconda, (una,))):
            cifre = await pubblicazioni.cifre_di(id_)
            assert await trattenute("indicatori", anno, cifre, id_) == attese
    # As it was: the year is released again.
    await cambia_frequenza("VUL-D-03", "annuale", anno, f"VUL-D-03;{anno};;;405")
    terza = await pubblica("crema", anno, convenzione, "indicatori")
    async with unita_di_lavoro(await contesto("crema"), sola_lettura=True):
        cifre = await pubblicazioni.cifre_di(terza)
        assert await trattenute("indicatori", anno, cifre, terza) == ()
    assert {c.valore for c in cifre if c.voce == "VUL-D-03"} == {405}


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
