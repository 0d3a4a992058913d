package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/seal"
)

// What is sealed of a webhook is the length of its headers, the headers as
// JSON, and the body as it came: a body in JSON would be a third longer.

func webhookPlace(deliveryID string) string { return "deliveries.webhook/" + deliveryID }

func deliveryKeyPlace(deliveryID string) string { return "deliveries.key/" + deliveryID }

// sealWebhook seals a webhook with a key of its own, which is wrapped by the
// operator's key until it is known whose it is.
func (s *Store) sealWebhook(deliveryID string, w idv.Webhook) (sealed, wrapped []byte, err error) {
	header, err := json.Marshal(w.Header)
	if err != nil {
		return nil, nil, fmt.Errorf("write the headers of a webhook: %w", err)
	}
	plain := make([]byte, 0, binary.MaxVarintLen64+len(header)+len(w.Body))
	plain = binary.AppendUvarint(plain, uint64(len(header)))
	plain = append(append(plain, header...), w.Body...)
	key := seal.NewKey()
	return key.Seal(webhookPlace(deliveryID), plain), s.seal.Wrap(deliveryKeyPlace(deliveryID), key), nil
}

// openWebhook opens one. It is idv.ErrGone if the key of its user was destroyed.
func (s *Store) openWebhook(tx *gorm.DB, row deliveryRow) (w idv.Webhook, err error) {
	plain, err := s.openBody(tx, row)
	if err != nil {
		return w, fmt.Errorf("delivery %s: %w", row.ID, err)
	}
	length, n := binary.Uvarint(plain)
	if n <= 0 || length > uint64(len(plain)-n) {
		return w, fmt.Errorf("delivery %s cannot be read", row.ID)
	}
	header, body := plain[n:n+int(length)], plain[n+int(length):]
	if err := json.Unmarshal(header, &w.Header); err != nil {
		return w, fmt.Errorf("delivery %s cannot be read", row.ID)
	}
	w.Body = body
	return w, nil
}

func (s *Store) openBody(tx *gorm.DB, row deliveryRow) ([]byte, error) {
	if row.Key == nil { // kept before webhooks had keys
		return s.seal.Open(webhookPlace(row.ID), row.Webhook)
	}
	key, err := s.unwrapDelivery(tx, row.ID, row.Key, wordOf[string](row.Owner))
	if err != nil {
		return nil, err
	}
	return key.Open(webhookPlace(row.ID), row.Webhook)
}

// unwrapDelivery opens the key of a webhook with that of its owner, or with the
// operator's if it has none.
func (s *Store) unwrapDelivery(tx *gorm.DB, deliveryID string, wrapped []byte, owner string) (*seal.Key, error) {
	if owner == "" {
		return s.seal.Unwrap(deliveryKeyPlace(deliveryID), wrapped)
	}
	var user userRow
	if err := tx.Select("external_user_id", "wrapped_key").Where("external_user_id = ?", word(owner)).Take(&user).Error; err != nil {
		return nil, err
	}
	key, err := s.unwrap(user.ExternalUserID, user.WrappedKey)
	if err != nil {
		return nil, err
	}
	if key == nil || !key.Sealed(wrapped) {
		return nil, idv.ErrGone
	}
	return key.Unwrap(deliveryKeyPlace(deliveryID), wrapped)
}

// handOver wraps the key of a webhook under that of its user, so that it goes
// with it. It is idv.ErrGone if the webhook was another user's, and went with it.
func (s *Store) handOver(a *account, outcome idv.DeliveryOutcome) ([]byte, error) {
	user, err := s.keyOf(a)
	if err != nil || user.Sealed(outcome.Key) {
		return outcome.Key, err
	}
	key, err := s.unwrapDelivery(a.tx, outcome.ID, outcome.Key, outcome.Owner)
	if err != nil {
		return nil, fmt.Errorf("delivery %s: %w", outcome.ID, err)
	}
	return user.Wrap(deliveryKeyPlace(outcome.ID), key), nil
}
