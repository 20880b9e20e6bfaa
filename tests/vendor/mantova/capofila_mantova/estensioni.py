"""What the plugin shows and keeps: the visits of the Consulta, invented to try pages, tables and jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from capofila.hooks import (
    BloccoModello,
    Campo,
    ChiVede,
    DatiPagina,
    LavoroPlugin,
    MigrazionePlugin,
    ModelloPlugin,
    NuovaTabella,
    NuoveColonne,
    NuovoIndice,
    PaginaPlugin,
    Tipo,
    VoceMenuPlugin,
)
from capofila_mantova.fonti import INVENTATO

VISITE: Final = NuovaTabella(
    tabella="visite",
    denominazione="Visite alle sedi",
    campi=(
        Campo("giorno", Tipo.DATA, "Giorno", obbligatorio=True),
        Campo("sede", Tipo.TESTO, "Sede visitata", obbligatorio=True, lunghezza=(2, 80)),
        Campo(
            "esito", Tipo.CODICE, "Esito", obbligatorio=True,
            codici={"buono": "Buono", "rivedere": "Da rivedere"},
        ),
        Campo("spesa", Tipo.IMPORTO, "Spesa di viaggio"),
    ),
)  # fmt: skip

MIGRAZIONI: Final = (
    MigrazionePlugin(
        codice="0001_visite",
        passi=(VISITE, NuovoIndice(tabella="visite", campi=("giorno",))),
        fonte=INVENTATO,
    ),
    MigrazionePlugin(
        codice="0002_riepilogo",
        passi=(
            NuoveColonne(
                tabella="visite", campi=(Campo("note", Tipo.TESTO, "Note", lunghezza=(0, 500)),)
            ),
            NuovaTabella(
                tabella="riepilogo",
                denominazione="Riepilogo delle visite",
                campi=(
                    Campo("anno", Tipo.ANNO, "Anno", obbligatorio=True),
                    Campo("visite", Tipo.INTERO, "Visite", obbligatorio=True, lunghezza=(0, 99999)),
                    Campo("da_rivedere", Tipo.INTERO, "Da rivedere", lunghezza=(0, 99999)),
                    Campo("spesa", Tipo.IMPORTO, "Spesa di viaggio"),
                ),
            ),
        ),
        fonte=INVENTATO,
    ),
)


def riepiloga(righe: Sequence[Mapping[str, str | None]]) -> tuple[dict[str, str | None], ...]:
    """The visits of each year, how many are to be seen again, what the journeys cost."""
    anni = sorted({(riga["giorno"] or "")[:4] for riga in righe})
    return tuple(
        {
            "anno": anno,
            "visite": str(len(sue)),
            "da_rivedere": str(sum(riga["esito"] == "rivedere" for riga in sue)),
            "spesa": str(sum((Decimal(riga["spesa"] or 0) for riga in sue), Decimal("0.00"))),
        }
        for anno in anni
        for sue in [[riga for riga in righe if (riga["giorno"] or "").startswith(anno)]]
    )


LAVORI: Final = (
    LavoroPlugin(
        codice="riepiloga",
        denominazione="Ricalcola il riepilogo",
        da="visite",
        verso="riepilogo",
        calcola=riepiloga,
        fonte=INVENTATO,
    ),
)

PAGINE: Final = (
    PaginaPlugin(
        codice="visite",
        titolo="Visite della Consulta",
        sommario="Regole e dati inventati, per provare un quarto distretto.",
        modello="""
<p>La Consulta di {{ ambito.nome }} visita le sedi dei servizi ogni anno.</p>
{% if tabelle.visite %}
<p class="conteggio">Visite annotate: <strong>{{ tabelle.visite | length }}</strong>.</p>
{% endif %}
<h2>Che cosa scade</h2>
<ul>
{% for una in scadenze %}
<li>{{ una.titolo }}: {{ una.data | data }}</li>
{% else %}
<li>Niente nei prossimi dodici mesi</li>
{% endfor %}
</ul>
<p><a href="sedi">Come si visita una sede</a></p>
""",
        dati=(DatiPagina.SCADENZE,),
        tabelle=("visite", "riepilogo"),
        fonte=INVENTATO,
    ),
    PaginaPlugin(
        codice="sedi",
        titolo="Come si visita una sede",
        modello="<p>Si va in due, si guarda tutto, si scrive com’è andata.</p>\n",
        chi=ChiVede.AMBITO,
        fonte=INVENTATO,
    ),
)

VOCI: Final = (
    VoceMenuPlugin(codice="visite", titolo="Visite", pagina="visite", ordine=10, fonte=INVENTATO),
    VoceMenuPlugin(codice="sedi", titolo="Sedi", pagina="sedi", ordine=20, fonte=INVENTATO),
)

MODELLI: Final = (
    ModelloPlugin(
        blocco=BloccoModello.CASA_AVVISO,
        modello="<p>La Consulta di {{ ambito.nome }} si riunisce ogni mese (inventato).</p>",
        fonte=INVENTATO,
    ),
    ModelloPlugin(
        blocco=BloccoModello.LETTERA_QUOTA_CONGEDO,
        modello="Per ogni chiarimento: sportello di {{ comune }} (inventato).",
        fonte=INVENTATO,
    ),
)
