package queue

import (
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// args is what is kept of a job: the id of what it is about and nothing else,
// since River stores and shows arguments as plain text.
type args struct {
	kind idv.JobKind
	ID   string `json:"id"`
}

// Kind names the job to River. It is empty for arguments that River has read
// back; the kind is then in the job's row.
func (a args) Kind() string { return string(a.kind) }

// queueOf gives each kind of work a queue of its own, so that questions to a
// provider that hangs do not hold up the deliveries of another one.
func queueOf(kind idv.JobKind) string { return string(kind) }
