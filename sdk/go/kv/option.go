package kv

import "time"

// Option shapes one write.
type Option func(*write)

type write struct {
	ttl    time.Duration
	hasTTL bool
}

// TTL lets the key vanish after this time, counted in milliseconds and rounded up.
func TTL(lifetime time.Duration) Option {
	return func(w *write) { w.ttl, w.hasTTL = lifetime, true }
}

// ttlMs returns the lifetime as the host wants it; 0 keeps the key.
func ttlMs(options []Option) (uint64, error) {
	var w write
	for _, option := range options {
		option(&w)
	}
	if w.hasTTL && w.ttl <= 0 {
		return 0, ErrInvalidTTL
	}
	whole := w.ttl / time.Millisecond
	if w.ttl%time.Millisecond != 0 {
		whole++
	}
	return uint64(whole), nil
}
