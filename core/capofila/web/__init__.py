"""The shell of the pages: layout, components, formats, assets, security headers.

A room gives its handlers' context a :class:`~capofila.web.pagina.Pagina`, extends
``pagina.html`` and imports the macros of ``componenti.html``.
"""
