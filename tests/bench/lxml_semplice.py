"""The plain way: read the rows, write them with lxml.etree.xmlfile to a local file. No checks.

Prints rows, seconds in all, and seconds of writing alone (values to text and lxml, no reading).

    python -m tests.bench.lxml_semplice ADDRESS YEAR FILE
"""

from __future__ import annotations

import asyncio
import sys
import time

import asyncpg
from lxml import etree

NS = "http://inps.it/Casellario"
BENEFICIARIO, ANAGRAFICA, INDIRIZZO, PRESTAZIONE, SINA = (
    f"{{{NS}}}{n}"
    for n in ("Beneficiario", "Anagrafica", "Indirizzo", "PrestazioniSociali", "SINA")
)
SI_NO = {"si": "1", "no": "2"}
ATTRIBUTI = (
    ("TipoOperazione", "tipo_operazione", str), ("PresenzaProvaMezzi", "prova_mezzi", str),
    ("CaratterePrestazione", "carattere", {"periodica": "1", "occasionale": "2"}.__getitem__),
    ("NumeroProtocolloDSU", "dsu_protocollo", str), ("AnnoProtocolloDSU", "dsu_anno", str),
    ("DataDSU", "dsu_data", str), ("CodicePrestazione", "codice_prestazione", str),
    ("DenominazionePrestazione", "denominazione_prestazione", str),
    ("ProtocolloDomanda", "protocollo_domanda", str), ("DataEvento", "data_evento", str),
    ("DataInizioPrestazione", "data_inizio", str), ("DataFinePrestazione", "data_fine", str),
    ("DataErogazionePrestazione", "data_erogazione", str), ("ImportoPrestazione", "importo", str),
    ("PeriodoErogazione", "periodo_erogazione", str), ("ImportoMensile", "importo_mensile", str),
    ("ImportoQuotaEnte", "quota_ente", str), ("ImportoQuotaUtente", "quota_utente", str),
    ("ImportoQuotaSSN", "quota_ssn", str), ("ImportoQuotaRichiesta", "quota_richiesta", str),
    ("ImportoSogliaISEE", "soglia_isee", str), ("OreServizioMensile", "ore_mensili", str),
    ("PresaCarico", "presa_in_carico", SI_NO.__getitem__), ("AreaUtenza", "area_utenza", str),
)  # fmt: skip
ATTRIBUTI_SINA = (
    ("Mobilita", "sina_mobilita"), ("AttivitaVitaQuotidiana", "sina_attivita_vita_quotidiana"),
    ("DisturbiComportamentali", "sina_disturbi_comportamentali"),
    ("AreaReddituale", "sina_area_reddituale"), ("AreaSupporto", "sina_area_supporto"),
    ("FonteDerivazioneValutazione", "sina_fonte_derivazione_valutazione"),
    ("StrumentoValutazione", "sina_strumento_valutazione"),
)  # fmt: skip


async def main(indirizzo: str, anno: int, file: str) -> None:
    connessione = await asyncpg.connect(indirizzo)
    colonne = [c for _, c, _ in ATTRIBUTI] + [c for _, c in ATTRIBUTI_SINA]
    colonne += ["codice_fiscale", "cognome", "nome", "anno_nascita", "luogo_nascita", "genere",
                "cittadinanza", "comune_residenza", "sina_invalidita_civile"]  # fmt: skip
    righe = 0
    scrittura = 0.0
    inizio = time.perf_counter()
    async with connessione.transaction():
        cursore = await connessione.cursor(
            f"SELECT {', '.join(dict.fromkeys(colonne))} FROM prestazione WHERE anno = $1 "
            "ORDER BY codice_fiscale, protocollo_domanda",
            anno,
        )
        with etree.xmlfile(file, encoding="utf-8") as xf:
            xf.write_declaration()
            with xf.element(f"{{{NS}}}Flusso", nsmap={None: NS}):
                persona = None
                elemento = None
                while blocco := await cursore.fetch(5000):
                    da = time.perf_counter()
                    for riga in blocco:
                        righe += 1
                        if riga["codice_fiscale"] != persona:
                            if elemento is not None:
                                xf.write(elemento)
                            persona = riga["codice_fiscale"]
                            elemento = etree.Element(BENEFICIARIO, CodiceFiscale=persona)
                            etree.SubElement(
                                elemento, ANAGRAFICA, Cognome=riga["cognome"], Nome=riga["nome"],
                                AnnoNascita=str(riga["anno_nascita"]), LuogoNascita=riga["luogo_nascita"],
                                Genere="1" if riga["genere"] == "M" else "2",
                                CodiceCittadinanza=riga["cittadinanza"],
                            )  # fmt: skip
                            etree.SubElement(
                                elemento, INDIRIZZO, CodiceRegione="10",
                                CodiceComune=riga["comune_residenza"], CodiceNazione="380",
                            )  # fmt: skip
                        una = etree.SubElement(
                            elemento, PRESTAZIONE,
                            {a: f(v) for a, c, f in ATTRIBUTI if (v := riga[c]) is not None},
                        )  # fmt: skip
                        if riga["sina_mobilita"] is not None:
                            sina = etree.SubElement(
                                una,
                                SINA,
                                {a: v for a, c in ATTRIBUTI_SINA if (v := riga[c]) is not None},
                            )
                            if riga["sina_invalidita_civile"]:
                                lista = etree.SubElement(sina, f"{{{NS}}}InvaliditaCivile")
                                for codice in riga["sina_invalidita_civile"].split():
                                    etree.SubElement(lista, f"{{{NS}}}InvCiv").text = codice
                    scrittura += time.perf_counter() - da
                if elemento is not None:
                    xf.write(elemento)
    print(righe, time.perf_counter() - inizio, scrittura)
    await connessione.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
