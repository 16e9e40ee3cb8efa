"""The embedded key-value store: one file, written by LMDB. Entry points `kvstore.lmdb`, `kvstore.internal`, `kvstore.boltdb`.

* `plugin` is what core reads at start
* `path` decides whether a file may be opened, `database` holds the opened file and its size
* `records` is the form of what is in it
* `writer` is the thread that commits writes together, `store` the backend that asks both
"""
