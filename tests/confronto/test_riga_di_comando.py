"""`capofila confronto show`: the comparison for a script, with what others printed of 2011."""

from __future__ import annotations

import asyncio

import pytest

from capofila.base.database import MOTORE
from capofila.base.impostazioni import impostazioni
from tests.confronto.casi import COMUNI, conviene, pubblica, spende
from tests.debito.test_riga_di_comando import Comando, Macchina, macchina

__all__ = ["macchina"]

ANNO = 2038


@pytest.fixture(scope="module")
def con_le_figure(macchina: Macchina) -> Macchina:
    """Two ambiti with a convention, one of which released the spending of a year."""

    async def prepara() -> None:
        await MOTORE.apri({"app": macchina.banca.app}, massimo=2)
        try:
            await conviene("cremona", "val-padana")
            convenzione = await conviene("crema", "val-padana")
            await spende("crema", ANNO, [*COMUNI["crema"][:3]])
            await pubblica("crema", ANNO, convenzione)
        finally:
            await MOTORE.chiudi()

    with pytest.MonkeyPatch.context() as ambiente:
        for nome, valore in macchina.ambiente.items():
            if nome.startswith("CAPOFILA_"):
                ambiente.setenv(nome, valore)
        impostazioni.cache_clear()
        asyncio.run(prepara())
    impostazioni.cache_clear()
    return macchina


def mostra(macchina: Macchina, *altro: str, dataset: str = "spesa") -> Comando:
    return macchina.capofila("confronto", "show", dataset, "--ats", "val-padana", *altro)


def test_le_figure_del_2011_con_i_55_euro_che_non_tornano(con_le_figure: Macchina) -> None:
    fatto = mostra(con_le_figure, "--anno", "2011", "--json")
    assert fatto.stato == 0
    assert {n: fatto.json[n] for n in ("ats", "dataset", "anno", "indicatore", "perimetro", "media")} == {
        "ats": "val-padana", "dataset": "spesa", "anno": 2011, "indicatore": "pro_capite",
        "perimetro": "tutti", "media": None,
    }  # fmt: skip
    stampate = {
        (f["territorio"], f["misura"]): f["valore"] for f in fatto.json["figure_pubblicate"]
    }
    assert stampate["provincia", "totale"] == 40615777
    assert [
        stampate[dove, "totale_pro_capite"] for dove in ("casalmaggiore", "crema", "cremona")
    ] == [129.8, 98.0, 125.6]
    assert {u["misura"]: u["differenza"] for u in fatto.json["non_tornano"]} == {
        "aziende": 55, "comuni": -55,
    }  # fmt: skip
    in_parole = mostra(con_le_figure, "--anno", "2011")
    assert "pubblicata\tCasalasco: Spesa per abitante\t129,8 €" in in_parole.uscita
    assert "differenza 55 €" in in_parole.errore


def test_gli_ambiti_con_posto_e_chi_non_ha_pubblicato_senza(con_le_figure: Macchina) -> None:
    fatto = mostra(con_le_figure, "--anno", str(ANNO), "--indicatore", "spesa", "--json")
    assert [(u["ambito"], u["posto"], u["versione"]) for u in fatto.json["ambiti"]] == [
        ("crema", 1, 1), ("cremona", None, None),
    ]  # fmt: skip
    # What was read by the command is written down, as from a page.
    assert con_le_figure.conta("lettura_ats") > 0


@pytest.mark.parametrize(
    ("altro", "detto"),
    [
        (("--anno", "99999"), "--anno è un anno dal 2000 al 2100"),
        (("--anno", "-5"), "--anno è un anno dal 2000 al 2100"),
        (("--anno", str(ANNO), "--voce", "zzz"), "--voce è una fra: anziani, disabili"),
        (("--anno", str(ANNO), "--indicatore", "zzz"), "--indicatore è uno fra: pro_capite"),
    ],
)
def test_cio_che_e_chiesto_male_si_dice(
    con_le_figure: Macchina, altro: tuple[str, ...], detto: str
) -> None:
    fatto = mostra(con_le_figure, *altro)
    assert fatto.stato == 2
    assert detto in fatto.errore
    assert fatto.uscita == ""


def test_dove_non_c_e_nulla_si_dice(con_le_figure: Macchina) -> None:
    fatto = mostra(con_le_figure, "--anno", "2050")
    assert fatto.stato == 0
    assert "Nessun ambito ha pubblicato questi dati per il 2050" in fatto.errore
    ignota = con_le_figure.capofila("confronto", "show", "spesa", "--ats", "zzz", "--anno", "2011")
    assert (ignota.stato, "capofila ats list" in ignota.errore) == (1, True)
