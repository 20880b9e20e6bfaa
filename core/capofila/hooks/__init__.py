"""The plugin contract: what a vendor imports, and all that a plugin may import of Capofila.

``specifiche`` lists the hooks. The names below are the contract; their list is held by a test. The
vocabulary of a flow's conditions is in the module ``regole``. Nothing here reads a file, a
database, the network or the clock.
"""

from __future__ import annotations

from capofila.hooks import regole
from capofila.hooks.adempimenti import (
    Adempimento,
    GiornoLavorativo,
    RegolaData,
    Scadenza,
    lavorativo,
    scadenze,
    sposta,
)
from capofila.hooks.atti import Atto, Dichiarazione, DichiarazioneErrata, Specie, variante
from capofila.hooks.campi import (
    Campo,
    Copia,
    Costante,
    DaTabella,
    Predefinito,
    Rifiuto,
    SePresente,
    Tipo,
)
from capofila.hooks.catalogo import Voce
from capofila.hooks.codifiche import Codifiche, ListaCodici, VoceCodifica
from capofila.hooks.flussi import (
    ErroreRiga,
    Flusso,
    LottoPreparato,
    Operazione,
    Preparatore,
    RegolaNome,
    TaglioAnnuale,
    impronta,
)
from capofila.hooks.lettori import (
    FileNonLeggibile,
    FlussoRicevuto,
    LettoreFlussi,
    RadiceXML,
    RecordLetto,
    radice_xml,
)
from capofila.hooks.manifesto import (
    CONTRATTO,
    Manifesto,
    Privacy,
    contratto_compatibile,
    difetti,
)
from capofila.hooks.marcatori import hookimpl, hookspec
from capofila.hooks.organi import (
    OLTRE_META,
    Attribuzione,
    Base,
    Competenza,
    Condizione,
    Invitato,
    Misura,
    Nomina,
    Organo,
    Per,
    Presidenza,
    RegolaVoto,
    Seggio,
    Soglia,
    doppia_maggioranza,
    per_testa,
    pesato_per_abitanti,
)
from capofila.hooks.regole import Controllo, Regola
from capofila.hooks.tracciati import (
    Attributo,
    ColonnaCSV,
    Elemento,
    IntestazioneFlusso,
    Lista,
    Ripetuto,
    TracciatoCSV,
    TracciatoXML,
)

__all__ = [
    "CONTRATTO",
    "OLTRE_META",
    "Adempimento",
    "Atto",
    "Attributo",
    "Attribuzione",
    "Base",
    "Campo",
    "Codifiche",
    "ColonnaCSV",
    "Competenza",
    "Condizione",
    "Controllo",
    "Copia",
    "Costante",
    "DaTabella",
    "Dichiarazione",
    "DichiarazioneErrata",
    "Elemento",
    "ErroreRiga",
    "FileNonLeggibile",
    "Flusso",
    "FlussoRicevuto",
    "GiornoLavorativo",
    "IntestazioneFlusso",
    "Invitato",
    "LettoreFlussi",
    "Lista",
    "ListaCodici",
    "LottoPreparato",
    "Manifesto",
    "Misura",
    "Nomina",
    "Operazione",
    "Organo",
    "Per",
    "Predefinito",
    "Preparatore",
    "Presidenza",
    "Privacy",
    "RadiceXML",
    "RecordLetto",
    "Regola",
    "RegolaData",
    "RegolaNome",
    "RegolaVoto",
    "Rifiuto",
    "Ripetuto",
    "Scadenza",
    "SePresente",
    "Seggio",
    "Soglia",
    "Specie",
    "TaglioAnnuale",
    "Tipo",
    "TracciatoCSV",
    "TracciatoXML",
    "Voce",
    "VoceCodifica",
    "contratto_compatibile",
    "difetti",
    "doppia_maggioranza",
    "hookimpl",
    "hookspec",
    "impronta",
    "lavorativo",
    "per_testa",
    "pesato_per_abitanti",
    "radice_xml",
    "regole",
    "scadenze",
    "sposta",
    "variante",
]
