"""The bodies of an ambito, who sits in them, how they decide, and what they owe by when.

The plugin of the distretto declares bodies and rules; the Accordo and the appointments are rows.
"""
