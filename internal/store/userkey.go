package store

import (
	"fmt"

	"github.com/bonafide-idv/bonafide/internal/id"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/seal"
)

// Everything personal is sealed with the key of its user, which is kept in the
// user's row, wrapped by the operator's key: without it, nothing of the person
// can be read any more, whoever has a copy of it.

// keyColumns hold it, which nobody needs who only reads a status.
func keyColumns() []string { return []string{"key_id", "wrapped_key"} }

func userKeyPlace(externalUserID string) string { return "users.wrapped_key/" + externalUserID }

// giveKey puts a key of its own into the row of a user.
func (s *Store) giveKey(user *userRow) *seal.Key {
	key, name := seal.NewKey(), id.New(id.UserKey)
	user.KeyID, user.WrappedKey = &name, s.seal.Wrap(userKeyPlace(user.ExternalUserID), key)
	return key
}

// keyOf gives the user's key, which is made and kept if there is none yet.
func (s *Store) keyOf(a *account) (*seal.Key, error) {
	var err error
	if a.key == nil && a.user.WrappedKey != nil {
		a.key, err = s.unwrap(a.user.ExternalUserID, a.user.WrappedKey)
	}
	if a.key != nil || err != nil {
		return a.key, err
	}
	a.key = s.giveKey(&a.user)
	err = a.tx.Model(&a.user).Select(keyColumns()).UpdateColumns(&a.user).Error
	if err != nil {
		return nil, fmt.Errorf("keep the key of a user: %w", err)
	}
	return a.key, nil
}

// unwrap opens the key of a user, nil if there is none.
func (s *Store) unwrap(externalUserID string, wrapped []byte) (*seal.Key, error) {
	if wrapped == nil {
		return nil, nil
	}
	key, err := s.seal.Unwrap(userKeyPlace(externalUserID), wrapped)
	if err != nil {
		return nil, fmt.Errorf("the key of its user: %w", err)
	}
	return key, nil
}

// openWith opens what is sealed with a user's key, or with the operator's, which
// was so before users had keys.
func (s *Store) openWith(key *seal.Key, place string, sealed []byte) ([]byte, error) {
	if key != nil && key.Sealed(sealed) {
		return key.Open(place, sealed)
	}
	return s.seal.Open(place, sealed)
}

// sessionOf reads one of the user's sessions.
func (s *Store) sessionOf(a *account, row sessionRow) (idv.Session, error) {
	if row.RedactedAt != nil {
		return s.session(row, nil)
	}
	key, err := s.keyOf(a)
	if err != nil {
		return idv.Session{}, fmt.Errorf("session %s: %w", row.ID, err)
	}
	return s.session(row, key)
}
