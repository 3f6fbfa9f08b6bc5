"""The till's journal: what happened here, on this disk, before anybody is told that it did.

Start at `journal.Journal`. The event table is the truth and only grows; everything in
`projections/` can be rebuilt from it; what is in `pulled/` was central's and can be had again;
slips and jobs are this device's own and are written with the event that caused them. `file/` is
the SQLite file below all of it, `spending/` what stands between points and goods.
"""
