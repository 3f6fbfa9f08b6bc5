"""What a run is made of below the people: tills and central, and the disk and network under them.

The real agent and the real service run in `station` and `centre`; everything else here is what
they stand on, with its faults.
"""
