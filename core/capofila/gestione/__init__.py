"""The home of an ambito and its running: what is to be done, the jobs, the plugins."""
