module github.com/tarmac-project/tarmac-python/sdk/go

go 1.24
