"""Who may come in and do what: people, sessions, roles, the audit.

The request's unit of work is opened here too, because it begins with the question who is asking.
"""
