"""The territory: comuni and their population, enti, sub-ambiti, who belongs where and since when.

Everything here has dates, because comuni merge, change sub-ambito and ambito, and unions come and
go. ``rules`` answers questions about a day from plain values; ``cartelle`` reads the declared
folders of ``tenants/``; ``service`` keeps the tables equal to them and answers the other rooms.
"""
