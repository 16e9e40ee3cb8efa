// Package fault joins errors in one line of text; fmt would do it too, for 300 KB more in each function.
package fault

type wrapped struct{ kind, cause error }

// Wrap returns an error that is both the kind and the cause; a nil cause adds nothing.
func Wrap(kind, cause error) error {
	if cause == nil {
		return kind
	}
	return &wrapped{kind: kind, cause: cause}
}

func (w *wrapped) Error() string { return w.kind.Error() + ": " + w.cause.Error() }

func (w *wrapped) Unwrap() []error { return []error{w.kind, w.cause} }
