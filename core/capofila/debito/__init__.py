"""The debito informativo: files for who is owed them, sealed with their proof."""
