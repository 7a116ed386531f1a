"""The benchmarks behind `make bench`: the budgets of ARCHITECTURE.md, measured where they run.

bare      the ASGI application that everything is compared with
wire      requests as boto3 sends them, made beforehand
load      a small load generator on raw sockets
servers   processes that are started, watched and stopped
requests  the cost of the hot operations, and how it grows with what is stored
starts    the first answer, and memory
states    large bodies and snapshots
table     the rows and how they are shown

Requests a second say more about the machine than about the server: the load generator and whatever
else runs take their share of the cores. So what is measured is the processor time that the server's
own process used (user and system, all its threads), divided by the requests it answered in it, and
compared with the same of a bare ASGI application on the same uvicorn in the same round.
"""
