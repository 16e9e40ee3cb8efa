"""Sends metrics to a StatsD daemon. Entry point `statsd`; off until `statsd_addr` is set.

* `plugin` is what core reads at start
* `names` turns labels into names that StatsD can take
* `sink` turns events into changes, `sender` is the thread that sends them
"""
