"""The rules that an act gives and the plugin leaves open, as a form of a page and as a file of a vote.

Pure. The form knows the common rules: a share, or a number, of heads or of inhabitants, and more than one
of them together. Whatever else an act says goes by the file of a vote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

QUOTE: Final = (
    ("piu_di 1/2", "più della metà"),
    ("almeno 1/2", "almeno la metà"),
    ("almeno 2/3", "almeno due terzi"),
    ("almeno 3/4", "almeno tre quarti"),
    ("almeno 1/3", "almeno un terzo"),
)
MISURE: Final = (
    ("teste", "una testa, un voto"),
    ("abitanti", "secondo gli abitanti"),
    ("quote", "secondo le quote"),
)
DIVISIBILE: Final = (("si", "sì, in parti"),)
PARITA_ELEZIONE: Final = (
    ("anziano", "il più anziano di età"),
    ("sorteggio", "il sorteggiato"),
    ("ballottaggio", "chi vince il ballottaggio"),
)
BASI: Final = (
    ("aventi diritto", "di chi ha diritto"),
    ("presenti", "dei presenti"),
    ("votanti", "dei votanti"),
)
ASTENSIONI: Final = (
    ("voto", "chi si astiene è fra i votanti"),
    ("non voto", "chi si astiene non vota"),
)
PARITA: Final = (
    ("respinta", "a parità è respinta"),
    ("presidenza", "a parità decide chi presiede"),
)
CONDIZIONI: Final = ("", "_2", "_3")
"""How the fields of each condition end: all of them must be met together."""
DELEGHE: Final = (("si", "ammesse"), ("no", "non ammesse"))
CAMPI: Final = (
    "regola_organo", "regola_titolo", "regola_numero", "regola_data", "regola_articolo",
    *(
        f"voto_{nome}{n}"
        for n in CONDIZIONI
        for nome in ("quota", "numero", "misura", "base", "categoria")
    ),
    "voto_astensioni", "voto_parita", "voto_divisibile", "elezione_parita",
    *(
        f"quorum_{nome}{n}"
        for n in CONDIZIONI
        for nome in ("quota", "numero", "misura", "seconda", "categoria")
    ),
    "deleghe", "deleghe_massimo",
)  # fmt: skip


def da_modulo(testi: Mapping[str, str]) -> dict[str, Any]:
    """The rules of a form, in the form of the file of a vote; empty when none is given."""
    scritti = {nome: " ".join(testi.get(nome, "").split()) for nome in CAMPI}
    voto = _condizioni(scritti, "voto", "quota")
    quorum = {
        chiave: _condizioni(scritti, "quorum", campo)
        for chiave, campo in (("quorum", "quota"), ("quorum_seconda", "seconda"))
    }
    if not (voto or any(quorum.values()) or scritti["deleghe"] or scritti["elezione_parita"]):
        return {}
    regole: dict[str, Any] = {
        "atto": _pieni(
            organo=scritti["regola_organo"],
            titolo=scritti["regola_titolo"],
            numero=scritti["regola_numero"],
            data=scritti["regola_data"],
            articolo=scritti["regola_articolo"],
        )
    }
    if voto:
        regole["voto"] = {
            "condizioni": voto,
            **_pieni(
                astensioni=scritti["voto_astensioni"],
                parita=scritti["voto_parita"],
                divisibile=scritti["voto_divisibile"],
            ),
        }
    regole |= {chiave: {"condizioni": date} for chiave, date in quorum.items() if date}
    if scritti["elezione_parita"]:
        regole["elezione"] = {"parita": scritti["elezione_parita"]}
    if scritti["deleghe"]:
        massimo = scritti["deleghe_massimo"]
        regole["deleghe"] = {"ammesse": scritti["deleghe"] == "si"}
        if massimo:
            regole["deleghe"]["massimo"] = int(massimo) if massimo.isdecimal() else massimo
    return regole


def in_modulo(regole: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the form that gives these rules; what the form does not know is left out."""
    atto, voto = regole.get("atto", {}), regole.get("voto", {})
    testi = {f"regola_{nome}": str(valore) for nome, valore in atto.items()}
    for chiave, prefisso, campo in (
        ("voto", "voto", "quota"), ("quorum", "quorum", "quota"), ("quorum_seconda", "quorum", "seconda"),
    ):  # fmt: skip
        for n, una in zip(CONDIZIONI, regole.get(chiave, {}).get("condizioni", ()), strict=False):
            quota = next(
                (f"{nome} {una[nome]}" for nome in ("piu_di", "almeno") if nome in una), ""
            )
            numero = quota.removeprefix("almeno ")
            if campo == "quota" and numero.isdecimal():
                testi[f"{prefisso}_numero{n}"] = numero
            else:
                testi[f"{prefisso}_{campo}{n}"] = quota
            testi[f"{prefisso}_misura{n}"] = una.get("misura", "")
            testi[f"{prefisso}_categoria{n}"] = una.get("categoria", "")
            if chiave == "voto":
                testi[f"voto_base{n}"] = una.get("base", "")
    testi |= {f"voto_{nome}": voto.get(nome, "") for nome in ("astensioni", "parita")}
    testi["voto_divisibile"] = "si" if voto.get("divisibile") in ("si", True) else ""
    testi["elezione_parita"] = regole.get("elezione", {}).get("parita", "")
    if "deleghe" in regole:
        testi["deleghe"] = "si" if regole["deleghe"].get("ammesse") else "no"
        testi["deleghe_massimo"] = str(regole["deleghe"].get("massimo", ""))
    return {nome: testi.get(nome, "") for nome in CAMPI}


def _condizioni(scritti: Mapping[str, str], prefisso: str, campo: str) -> list[dict[str, str]]:
    """The conditions of a rule: a share where one is chosen, otherwise a number where one is written."""
    date = []
    for n in CONDIZIONI:
        numero = scritti[f"{prefisso}_numero{n}"] if campo == "quota" else ""
        quota = scritti[f"{prefisso}_{campo}{n}"] or (f"almeno {numero}" if numero else "")
        if quota:
            date.append(
                _condizione(quota, scritti[f"{prefisso}_misura{n}"])
                | _pieni(
                    base=scritti.get(f"{prefisso}_base{n}", ""),
                    categoria=scritti[f"{prefisso}_categoria{n}"],
                )
            )
    return date


def _condizione(quota: str, misura: str) -> dict[str, str]:
    come, _, quanto = quota.partition(" ")
    return {"misura": misura or "teste", come if come == "piu_di" else "almeno": quanto}


def _pieni(**valori: str) -> dict[str, str]:
    return {nome: valore for nome, valore in valori.items() if valore}
