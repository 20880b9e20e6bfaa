"""Ranks, means and ratios; the figures of 2011 as they were printed."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import pytest

from capofila.confronto.lettura import (
    DISTRETTI,
    Ambito,
    Confronto,
    Domanda,
    Uscita,
    forma,
    pubblicate,
)
from capofila.confronto.rules import DATASET, Cifra, confronta, impronta, ordina
from capofila.territorio.service import Confini
from tests.docs.test_documenti import forma as documentata

D = Decimal


def domanda(anno: int = 2011, indicatore: str = "pro_capite", **altro: str) -> Domanda:
    dataset = DATASET["spesa"]
    scelto = dataset.indicatore(indicatore)
    assert scelto is not None
    return Domanda(dataset=dataset, anno=anno, indicatore=scelto, **altro)


def test_posto_e_scarto_dalla_media_semplice_e_chi_non_ha_la_cifra_non_conta() -> None:
    una = confronta([("a", D("120")), ("b", D("90")), ("c", None), ("d", D("120"))], "importo")
    assert una.media == D("110.00")
    assert una.con_valore == 3
    assert [(p.posto, p.scarto) for p in una.posti] == [
        (1, D("10.00")), (3, D("-20.00")), (None, None), (1, D("10.00"))
    ]  # fmt: skip
    assert una.posti[1].scarto_parte == D("-0.1818")
    assert confronta([("a", None)], "importo").media is None
    assert confronta([("a", D(0))], "importo").posti[0].scarto_parte is None


@pytest.mark.parametrize(
    ("ordine", "attesi"),
    [("-valore", "bac"), ("valore", "abc"), ("nome", "abc"), ("-nome", "cba")],
)
def test_si_ordina_per_valore_o_per_nome_e_chi_non_ne_ha_viene_ultimo(
    ordine: str, attesi: str
) -> None:
    posti = confronta([("c", None), ("a", D(1)), ("b", D(2))], "numero").posti
    assert "".join(p.chiave for p in ordina(posti, ordine, {})) == attesi


@pytest.mark.parametrize(
    ("codice", "sopra", "sotto", "atteso"),
    [
        ("pro_capite", "1000", "3", "333.33"), ("pro_capite", "1000", "0", None),
        ("pro_capite", None, "3", None), ("pro_capite", "1000", None, None),
        ("quota_associata", "1", "3", "0.3333"), ("utenti_per_mille", "7", "1000", "7.0"),
        ("utenti_per_mille", "1", "16000", "0.1"), ("spesa", "12.34", None, "12.34"),
        # A tie goes up.
        ("pro_capite", "0.01", "2", "0.01"),
    ],
)  # fmt: skip
def test_un_rapporto_vuole_due_termini(
    codice: str, sopra: str | None, sotto: str | None, atteso: str | None
) -> None:
    indicatore = DATASET["spesa"].indicatore(codice)
    assert indicatore is not None
    uscito = indicatore.valore(sopra and D(sopra), sotto and D(sotto))  # type: ignore[arg-type]
    assert uscito == (None if atteso is None else D(atteso))


def test_nel_2011_le_figure_di_seed_000_con_i_55_euro() -> None:
    trovate = pubblicate(domanda(), ["crema"])
    assert trovate is not None
    assert trovate.classifica is not None
    per_posto = {p.posto: (p.chiave, p.valore) for p in trovate.classifica.posti}
    assert per_posto == {
        1: ("casalmaggiore", D("129.8")), 2: ("cremona", D("125.6")), 3: ("crema", D("98.0"))
    }  # fmt: skip
    assert trovate.classifica.media == D("117.80")
    assert len(trovate.storte) == 2
    assert all(re.search(r"differenza -?55 €", frase) for frase in trovate.storte)
    totali = pubblicate(domanda(indicatore="spesa"), DISTRETTI)
    assert totali is not None
    assert totali.classifica is not None
    assert {p.valore for p in totali.classifica.posti} == {5_060_655, 15_838_479, 19_716_643}
    # By area, or of users, nothing of 2011 was published; elsewhere nobody reads Cremona's.
    for altra in (domanda(voce="anziani"), domanda(indicatore="utenti")):
        trovata = pubblicate(altra, ["crema"])
        assert trovata is not None
        assert trovata.classifica is None
    assert pubblicate(domanda(), ["lodi"]) is None
    assert pubblicate(domanda(2013), ["crema"]) is None


def test_l_impronta_non_dipende_dall_ordine_ne_da_come_e_scritto_un_numero() -> None:
    una, due = Cifra("tutti", "", "spesa", D("12.50")), Cifra("tutti", "a", "spesa", None, True)
    assert impronta([una, due]) == impronta([due, msgspec.structs.replace(una, valore=D("12.5"))])
    assert impronta([una]) != impronta([msgspec.structs.replace(una, valore=None, soppressa=True)])


def test_la_forma_del_confronto_e_quella_che_si_stampa() -> None:
    quale = domanda()
    classifica = confronta([("crema", None)], "importo")
    letto = Confronto(
        domanda=quale, ambiti={"crema": Ambito(1, "crema", "Crema")},
        uscite={"crema": Uscita(ambito_id=1, id=1, anno=2011, sopra=None, sotto=None, soppressa=True)},
        classifica=classifica, ordinati=classifica.posti, in_pagina=classifica.posti,
        dettagli=classifica.posti, pagina=1, pagine=1, insieme=None, serie={}, comuni=(),
        confini=Confini(), voci={}, anni=(2011,),
        pubblicate=pubblicate(quale, ["crema"]),
    )  # fmt: skip
    stampata, scritta = forma("val-padana", letto), documentata("confronto")
    assert list(stampata) == list(scritta)
    for elenco in ("ambiti", "figure_pubblicate", "non_tornano"):
        assert list(stampata[elenco][0]) == list(scritta[elenco][0])
    assert msgspec.to_builtins(stampata["non_tornano"][0]) | {"differenza": 55} == {
        **{n: str(v) for n, v in scritta["non_tornano"][0].items() if n != "misura"},
        "misura": "aziende", "differenza": 55,
    }  # fmt: skip
    crema = [f for f in stampata["figure_pubblicate"] if f["territorio"] == "crema"]
    assert {"misura": "totale_pro_capite", "valore": D("98.0")}.items() <= next(
        f.items() for f in crema if f["misura"] == "totale_pro_capite"
    )
