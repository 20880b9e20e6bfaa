"""Schemes for the tests, written as files."""

from __future__ import annotations

from pathlib import Path

from capofila.compartecipazione.schemi import Schema, leggi

SAD = """\
id: prova-sad
servizio: sad
denominazione: Assistenza domiciliare
unita: ora
isee: [ordinario, sociosanitario]
condizioni:
  fratelli: Un fratello usa lo stesso servizio
atti:
  tariffe-2024: {organo: Consiglio, titolo: Tariffe, numero: "12", data: 2024-01-10, specie: deliberazione}
  tariffe-2025: {organo: Consiglio, titolo: Tariffe, numero: "7", data: 2025-02-20}
  soglie:
    specie: stampa
    organo: Un giornale
    titolo: Le soglie
    ipotesi: si
    nota: il giornale parla del 2021
parametri:
  isee_iniziale:
    valori: [{dal: 2024-01-01, valore: 3000, atto: soglie}]
  isee_intermedio:
    valori: [{dal: 2024-01-01, valore: 6000, atto: soglie}]
  isee_finale:
    valori: [{dal: 2024-01-01, valore: 20000, atto: soglie}]
  tariffa_minima:
    valori:
      - {dal: 2024-01-01, valore: "1.79", atto: tariffe-2024}
      - {dal: 2025-01-01, valore: "2.19", atto: tariffe-2025}
  tariffa_intermedia:
    valori:
      - {dal: 2024-01-01, al: 2024-12-31, valore: "4.10", atto: tariffe-2024}
      - {dal: 2025-01-01, valore: "5.04", atto: tariffe-2025}
  tariffa_massima:
    valori:
      - {dal: 2024-01-01, valore: 17, atto: tariffe-2024}
      - {dal: 2025-01-01, valore: 26, atto: tariffe-2025}
  sconto:
    valori: [{dal: 2024-01-01, valore: 10, atto: tariffe-2024}]
formule:
  - dal: 2024-01-01
    atto: tariffe-2024
    senza_isee: tariffa_massima
    passi:
      - forma: tratti
        sotto: esente
        nodi:
          - {isee: isee_iniziale, tariffa: tariffa_minima}
          - {isee: isee_intermedio, tariffa: tariffa_intermedia}
          - {isee: isee_finale, tariffa: tariffa_massima}
      - {forma: riduzione, percento: sconto, se: fratelli}
      - {forma: arrotonda, decimali: 2}
      - {forma: per_quantita}
"""


def con_passi(cartella: Path, passi: str, parametri: dict[str, object], resto: str = "") -> Schema:
    """A scheme of these steps; each parameter has one value from 2025."""
    righe = "".join(
        f'  {nome}:\n    valori: [{{dal: 2025-01-01, valore: "{valore}", atto: uno}}]\n'
        for nome, valore in parametri.items()
    )
    dentro = "".join(f"      {riga}\n" for riga in passi.strip().splitlines())
    return scritto(
        cartella,
        "id: prova\nservizio: prova\ndenominazione: Prova\nunita: mese\nisee: [ordinario]\n"
        "condizioni: {fratelli: Fratelli, secondo_figlio: Secondo figlio}\n"
        "atti:\n  uno: {organo: Consiglio, titolo: Prova}\n"
        f"parametri:\n{righe}formule:\n  - dal: 2025-01-01\n    atto: uno\n{resto}    passi:\n{dentro}",
    )


def scritto(cartella: Path, testo: str) -> Schema:
    """The scheme of a text."""
    file = cartella / "schema.yaml"
    file.write_text(testo, encoding="utf-8")
    return leggi(file)
