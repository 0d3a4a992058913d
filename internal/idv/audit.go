package idv

import "time"

// AuditAction is what somebody did that is kept on record.
type AuditAction string // @name AuditAction

// The actions.
const (
	AuditResultRead       AuditAction = "result.read"
	AuditSessionCanceled  AuditAction = "session.canceled"
	AuditSessionSettled   AuditAction = "session.settled" // by an operator's word
	AuditUserErased       AuditAction = "user.erased"
	AuditUserHeld         AuditAction = "user.held"
	AuditUserReleased     AuditAction = "user.released"
	AuditTaskDone         AuditAction = "task.done"
	AuditDeliveryReplayed AuditAction = "delivery.replayed"
	AuditKeyCreated       AuditAction = "key.created"
	AuditKeyRevoked       AuditAction = "key.revoked"
	AuditKeysRewrapped    AuditAction = "keys.rewrapped" // everything sealed anew with the first encryption key
)

// AuditActions lists every action.
func AuditActions() []AuditAction {
	return []AuditAction{
		AuditResultRead, AuditSessionCanceled, AuditSessionSettled, AuditUserErased, AuditUserHeld, AuditUserReleased,
		AuditTaskDone, AuditDeliveryReplayed, AuditKeyCreated, AuditKeyRevoked, AuditKeysRewrapped,
	}
}

// ActorCLI stands for whoever runs commands beside the database.
const ActorCLI = "cli"

// ActorRestore stands for the rule that keeps erased people erased in a database
// that was restored from a backup.
const ActorRestore = "restore"

// AuditEntry is one thing that somebody did.
type AuditEntry struct {
	Actor  string // the credential's id, or one of the actors above
	Action AuditAction
	Object string // what it was done to: an id of ours, or the client's id of a user
}

// AuditRecord is an entry as it is kept: each is chained to the one before.
type AuditRecord struct {
	AuditEntry
	Seq      int64 // 1 for the first
	At       time.Time
	Previous []byte // the hash of the record before, zeros for the first
	Hash     []byte // SHA-256
}

// AuditHead is where the log ends.
type AuditHead struct {
	Seq  int64
	Hash []byte
}

// AuditFilter selects records, newest first; zero fields select all.
type AuditFilter struct {
	Action AuditAction
	Object string
	Before int64 // only those with a smaller Seq; 0 for all
	Limit  int
}
