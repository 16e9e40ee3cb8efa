module airport

go 1.24

require github.com/tarmac-project/tarmac-python/sdk/go v0.0.0

replace github.com/tarmac-project/tarmac-python/sdk/go => ../../sdk/go
