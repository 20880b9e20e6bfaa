"""The templates of the plugins: what may not stand in one, and that none goes on without end."""

from __future__ import annotations

import pytest

from capofila.base.modelli import GIRI_MASSIMI, GiroTroppoLungo, ModelloNonValido, prepara


@pytest.mark.parametrize(
    "modello",
    [
        "<script>x</script>", '<p onclick="x">a</p>', '<p hx-get="/x">a</p>', "<form></form>",
        '<a {% if a %}>{% endif %} onclick="x">b</a>', '<a href="{{ x }}">b</a>', "<p>",
        '<a href="javascript:x">b</a>', '<a href="//altrove">b</a>', "{{ f() }}", "{{ x | safe }}",
        "{% set a = 1 %}", '{% include "pagina.html" %}', '{% extends "pagina.html" %}',
        "{% macro a() %}{% endmacro %}", "{{ 'a' * 9 }}", "{{ 9 ** 9 }}", "{% if a %}</p>{% endif %}",
        "<p>{% if a %}</p>{% endif %}", "<!-- a -->", "{{ x | attr('y') }}", "{{ _conta }}", "{% if %}",
        "{{ ambito.__class__.__mro__ | map('upper') | f }}", "<img src=\"x\">", "&{{ x }};",
        "{{ 1 | round(3000000, 'floor') }}", "{{ 1 | round(precision=x) }}",
    ],
)  # fmt: skip
def test_in_un_modello_non_sta(modello: str) -> None:
    with pytest.raises(ModelloNonValido):
        prepara(modello)


def test_un_valore_non_diventa_mai_un_segno() -> None:
    assert prepara("<p>{{ x }}</p>").rendi({"x": "<b>&"}) == "<p>&lt;b&gt;&amp;</p>"
    assert prepara("{{ x }}", marcato=False).rendi({"x": "a & b"}) == "a & b"


def test_un_modello_non_gira_senza_fine() -> None:
    modello = prepara("{% for a in r %}{% for b in r %}x{% endfor %}{% endfor %}")
    quanti = int(GIRI_MASSIMI**0.5)
    with pytest.raises(GiroTroppoLungo):
        modello.rendi({"r": range(quanti)})
    lungo = prepara("{% for a in r %}{{ t }}{% endfor %}")
    with pytest.raises(GiroTroppoLungo):
        lungo.rendi({"r": range(1000), "t": "x" * 1000})


def test_un_modello_non_unisce_senza_fine() -> None:
    assert prepara("{{ r | join(', ') }}").rendi({"r": ["a", "<b>"]}) == "a, &lt;b&gt;"
    assert prepara("{{ r | join('/', attribute='n') }}").rendi({"r": [{"n": 1}, {"n": 2}]}) == "1/2"
    ancora = prepara("{{ t | join(t | join(t | join(t))) }}")
    with pytest.raises(GiroTroppoLungo):
        ancora.rendi({"t": "x" * 1000})
