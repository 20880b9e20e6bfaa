"""Cutting a run into several files of a size, and giving them back together.

A file is cut between two persons, never inside one: the receiver takes a *Beneficiario* whole. A
person who alone exceeds the size has a file alone. What the flow declares cuts too: a file an ente, a
month, so many records. Memory is that of one person and of the parts
of the upload.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from itertools import repeat

import msgspec

from capofila.base.archivio import OggettoScritto, archivio
from capofila.debito.involucri import Foglio, Uscita, voce_zip
from capofila.debito.rules import Taglio
from capofila.debito.selezione import Conti
from capofila.debito.service import Parte


class Scritta(msgspec.Struct, frozen=True):
    """A file of a run that is written and in the store; `chiave` is what its records have in common."""

    numero: int
    nome: str
    oggetto: str
    righe: int
    beneficiari: int
    sigillo: OggettoScritto
    chiave: str = ""


class Aperta(msgspec.Struct):
    """A file of a run that is being written."""

    nome: str
    oggetto: str
    scrittore: Foglio
    byte: int = 0
    righe: int = 0
    beneficiari: int = 0


class Divisore:
    """Takes the records in their order and fills one file after the other.

    Where the layout has no element of a person, a file that would have too many records ends
    between two of them, be they of one person.

    Args:
        taglio: the size that no file exceeds.
        coda, chiusura: what ends a file, and the element of a person; without a chiusura every
            record stands alone.
        apri: opens the file of a number, its head written and counted.
        conti: the counts of the whole run.
    """

    def __init__(
        self,
        taglio: Taglio,
        coda: bytes,
        chiusura: bytes,
        apri: Callable[[int], Awaitable[Aperta]],
        conti: Conti,
    ) -> None:
        self._taglio, self._coda, self._chiusura = taglio, coda, chiusura
        self._apri, self._conti = apri, conti
        self._persona: bytes | None = None
        self._gruppo: bytes | None = None
        self._chiave = ""
        self._pezzi: list[bytes] = []
        self._righe = 0
        self._parte: Aperta | None = None
        self.scritte: list[Scritta] = []

    async def aggiungi(
        self, righe: Iterable[tuple[bytes, bytes, bytes]], chiavi: Iterable[str] | None = None
    ) -> None:
        """Add records: who they are about, what opens the element, and their own text.

        A person whose data were corrected has two elements in a row: both go into one file.

        Args:
            righe: in the order of the run.
            chiavi: of each record, what those of a file have in common; without it, nothing.
        """
        for (persona, gruppo, corpo), chiave in zip(
            righe, repeat("") if chiavi is None else chiavi, strict=False
        ):
            if chiave != self._chiave:
                await self._chiudi_persona()
                await self._chiudi_parte()
                self._chiave, self._persona = chiave, None
            elif not self._chiusura and self._piena():
                await self._chiudi_persona()
                if self._piena():
                    await self._chiudi_parte()
                self._persona = None
            self._conti.conta(persona, gruppo)
            if self._conti.persona != self._persona:
                await self._chiudi_persona()
                self._persona = self._conti.persona
            if gruppo != self._gruppo or not self._chiusura:
                if self._gruppo is not None:
                    self._pezzi.append(self._chiusura)
                self._pezzi.append(gruppo)
                self._gruppo = gruppo
            self._pezzi.append(corpo)
            self._righe += 1

    def _piena(self) -> bool:
        """Whether the file that is being written takes no more records."""
        massimo = self._taglio.massimo_record
        gia = 0 if self._parte is None else self._parte.righe
        return massimo is not None and gia + self._righe >= massimo

    async def fine(self) -> list[Scritta]:
        """Close the last file; all the files of the run."""
        await self._chiudi_persona()
        await self._chiudi_parte()
        return self.scritte

    async def annulla(self) -> None:
        """Throw away the file that is being written."""
        if self._parte is not None:
            await self._parte.scrittore.annulla()

    async def _chiudi_persona(self) -> None:
        if not self._righe:
            return
        self._pezzi.append(self._chiusura)
        persona = b"".join(self._pezzi)
        parte = self._parte
        if parte is not None and not self._taglio.ci_sta(
            parte.byte + len(persona), parte.beneficiari + 1, parte.righe + self._righe
        ):
            await self._chiudi_parte()
            parte = None
        if parte is None:
            parte = self._parte = await self._apri(len(self.scritte) + 1)
            parte.byte += len(self._coda)
        parte.byte += len(persona)
        parte.righe += self._righe
        parte.beneficiari += 1
        self._conti.righe += self._righe
        self._righe, self._pezzi, self._gruppo = 0, [], None
        await parte.scrittore.scrivi(persona)

    async def _chiudi_parte(self) -> None:
        parte = self._parte
        if parte is None:
            return
        await parte.scrittore.scrivi(self._coda)
        sigillo = await parte.scrittore.chiudi()
        self._parte = None
        self.scritte.append(
            Scritta(
                len(self.scritte) + 1, parte.nome, parte.oggetto, parte.righe, parte.beneficiari,
                sigillo, self._chiave,
            )
        )  # fmt: skip


def elenco_impronte(file: Sequence[tuple[str, str]]) -> bytes:
    """The digests and names of the files of a run, as ``sha256sum --check`` reads them.

    >>> elenco_impronte([("ab", "uno.xml"), ("cd", "due.xml")]).decode()
    'ab  uno.xml\\ncd  due.xml\\n'
    """
    return "".join(f"{sha256}  {nome}\n" for sha256, nome in file).encode()


class ImprontaRotta(Exception):
    """The bytes of a file in the store are not those that were sealed."""


async def zip_a_flusso(file: Sequence[Parte], elenco: str) -> AsyncIterator[bytes]:
    """All the files of a run as one zip, with the list of their digests; the same bytes each time.

    Raises:
        ImprontaRotta: a file is not what was sealed: the zip is left without its end.
    """
    uscita = Uscita()
    with zipfile.ZipFile(uscita, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as chiuso:
        sommario = elenco_impronte([(parte.sha256, parte.oggetto.nome_file) for parte in file])
        with chiuso.open(voce_zip(elenco), "w") as voce:
            voce.write(sommario)
        for parte in file:
            dove = parte.oggetto
            impronta = hashlib.sha256()
            with chiuso.open(voce_zip(dove.nome_file), "w", force_zip64=True) as voce:
                async for pezzo in archivio().leggi_a_flusso(
                    dove.bucket, dove.oggetto, dove.versione
                ):
                    impronta.update(pezzo)
                    voce.write(pezzo)
                    if dati := uscita.prendi():
                        yield dati
            if impronta.hexdigest() != parte.sha256:
                raise ImprontaRotta(dove.nome_file)
    yield uscita.prendi()
