package idv

import (
	"crypto/sha256"
	"encoding/hex"
)

// WakeKey names a user where others may read along: in what replicas tell each
// other about whose status has changed. Two users may share one, so that it says
// only who is worth looking at again.
func WakeKey(externalUserID string) string {
	sum := sha256.Sum256([]byte(externalUserID))
	return hex.EncodeToString(sum[:8])
}
