"""Central on the wire: processes, threads and sockets, and every client's time bounded."""
