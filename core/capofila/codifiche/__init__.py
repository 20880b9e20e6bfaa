"""The reference tables of the receivers: code lists that this installation keeps, by revision."""
