"""What plugins bring besides rules: the page of all of them, their pages, tables, jobs, pinned years."""
