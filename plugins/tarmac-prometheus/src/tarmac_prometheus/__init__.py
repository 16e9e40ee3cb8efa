"""Shows metrics to Prometheus at `GET /metrics`. Entry point `prometheus`.

* `plugin` is what core reads at start
* `tables` are numbers by label values, `guests` those that guests name themselves
* `sink` fills both from events, `page` writes them as Prometheus reads them
"""
