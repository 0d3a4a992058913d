package store

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// What is sealed of a webhook is the length of its headers, the headers as
// JSON, and the body as it came: a body in JSON would be a third longer.

func webhookPlace(deliveryID string) string { return "deliveries.webhook/" + deliveryID }

func (s *Store) sealWebhook(deliveryID string, w idv.Webhook) ([]byte, error) {
	header, err := json.Marshal(w.Header)
	if err != nil {
		return nil, fmt.Errorf("write the headers of a webhook: %w", err)
	}
	plain := make([]byte, 0, binary.MaxVarintLen64+len(header)+len(w.Body))
	plain = binary.AppendUvarint(plain, uint64(len(header)))
	plain = append(append(plain, header...), w.Body...)
	return s.seal.Seal(webhookPlace(deliveryID), plain), nil
}

func (s *Store) openWebhook(deliveryID string, sealed []byte) (w idv.Webhook, err error) {
	plain, err := s.seal.Open(webhookPlace(deliveryID), sealed)
	if err != nil {
		return w, fmt.Errorf("delivery %s: %w", deliveryID, err)
	}
	length, n := binary.Uvarint(plain)
	if n <= 0 || length > uint64(len(plain)-n) {
		return w, fmt.Errorf("delivery %s cannot be read", deliveryID)
	}
	header, body := plain[n:n+int(length)], plain[n+int(length):]
	if err := json.Unmarshal(header, &w.Header); err != nil {
		return w, fmt.Errorf("delivery %s cannot be read", deliveryID)
	}
	w.Body = body
	return w, nil
}
