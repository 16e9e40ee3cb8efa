"""Counters, gauges and histograms of guests: the capability `metrics`. What is counted goes to whatever sinks are installed.

* `plugin` is what core reads at start
* `wire` reads requests, protobuf or JSON
* `names` decides which names may be used, and by whom
* `operations` are the three host calls
"""
