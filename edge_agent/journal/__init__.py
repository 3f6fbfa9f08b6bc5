"""The till's journal: what happened here, on this disk, before anybody is told that it did.

Start at `journal.Journal`. The event table is the truth and only grows; everything in
`projections/` can be rebuilt from it; the directory was pulled from central and can be pulled
again; slips and jobs are this device's own and are written with the event that caused them.
"""
