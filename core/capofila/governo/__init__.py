"""The bodies of an ambito, how they decide, and what they owe by when.

For now it shows what the plugin of the distretto declares; nothing of it is stored.
"""
