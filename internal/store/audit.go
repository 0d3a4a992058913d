package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

type auditRow struct {
	Seq      int64 `gorm:"primaryKey;autoIncrement:false"`
	At       time.Time
	Actor    string
	Action   string
	Object   string
	Previous []byte
	Hash     []byte
}

// TableName names the table.
func (auditRow) TableName() string { return "audit_log" }

type auditHeadRow struct {
	One  int `gorm:"primaryKey;autoIncrement:false"`
	Seq  int64
	Hash []byte
}

// TableName names the table.
func (auditHeadRow) TableName() string { return "audit_head" }

func (r auditRow) record() idv.AuditRecord {
	return idv.AuditRecord{
		AuditEntry: idv.AuditEntry{Actor: r.Actor, Action: idv.AuditAction(r.Action), Object: r.Object},
		Seq:        r.Seq, At: r.At.UTC(), Previous: r.Previous, Hash: r.Hash,
	}
}

// sum is the hash of a row: SHA-256 over the row before's, the number and the
// time (milliseconds since 1970) in eight bytes each, the most significant first,
// and each word with its length in eight bytes before it.
func (r auditRow) sum() []byte {
	var b []byte
	b = append(b, r.Previous...)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(r.At.UnixMilli()))
	for _, text := range []string{r.Actor, r.Action, r.Object} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(text)))
		b = append(b, text...)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// audit keeps an entry on record with the transaction, of which it is the last
// thing: the log grows in one place, where everybody waits for each other. nil is
// nothing to keep.
func (s *Store) audit(tx *gorm.DB, entry *idv.AuditEntry) error {
	if entry == nil {
		return nil
	}
	var head auditHeadRow
	if err := tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Take(&head).Error; err != nil {
		return fmt.Errorf("find the end of the audit log: %w", err)
	}
	row := auditRow{
		Seq: head.Seq + 1, At: s.now(), Actor: word(entry.Actor), Action: string(entry.Action), Object: word(entry.Object), Previous: head.Hash,
	}
	row.Hash = row.sum()
	if err := tx.Create(&row).Error; err != nil {
		return fmt.Errorf("add to the audit log: %w", err)
	}
	head.Seq, head.Hash = row.Seq, row.Hash
	if err := tx.Select("*").Updates(&head).Error; err != nil {
		return fmt.Errorf("move the end of the audit log: %w", err)
	}
	return nil
}

// AuditLog lists what is on record, newest first. A limit of 0 is none.
func (s *Store) AuditLog(ctx context.Context, f idv.AuditFilter) ([]idv.AuditRecord, error) {
	query := s.read(ctx).Order("seq DESC")
	if f.Action != "" {
		query = query.Where("action = ?", word(f.Action))
	}
	if f.Object != "" {
		query = query.Where("object = ?", word(f.Object))
	}
	if f.Before > 0 {
		query = query.Where("seq < ?", f.Before)
	}
	if f.Limit > 0 {
		query = query.Limit(f.Limit)
	}
	var rows []auditRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, failed("read the audit log", err)
	}
	records := make([]idv.AuditRecord, len(rows))
	for i, row := range rows {
		records[i] = row.record()
	}
	return records, nil
}

// ErrAudit: the audit log is not as it was written.
var ErrAudit = errors.New("the audit log was changed")

// auditBatch is how many rows are verified at once.
const auditBatch = 1000

// VerifyAudit reads the whole log and recomputes its chain. It gives where the log
// ends, and ErrAudit, wrapped with what is wrong, if a row was changed, added,
// removed or put elsewhere. expect is an end that was noted before and must lie
// on the chain; its zero value is always there.
func (s *Store) VerifyAudit(ctx context.Context, expect idv.AuditHead) (idv.AuditHead, error) {
	end := idv.AuditHead{Hash: make([]byte, sha256.Size)}
	met := expect.Seq == 0
	err := s.snapshot(ctx, func(tx *gorm.DB) error {
		for {
			var rows []auditRow
			if err := tx.Where("seq > ?", end.Seq).Order("seq").Limit(auditBatch).Find(&rows).Error; err != nil {
				return err
			}
			for _, row := range rows {
				if err := follows(row, end); err != nil {
					return err
				}
				end = idv.AuditHead{Seq: row.Seq, Hash: row.Hash}
				if end.Seq == expect.Seq {
					if string(end.Hash) != string(expect.Hash) {
						return fmt.Errorf("%w: row %d is not the one that was noted", ErrAudit, end.Seq)
					}
					met = true
				}
			}
			if len(rows) < auditBatch {
				return ends(tx, end, met)
			}
		}
	})
	return end, failed("verify the audit log", err)
}

// follows reports what keeps a row from being the next one.
func follows(row auditRow, end idv.AuditHead) error {
	switch {
	case row.Seq != end.Seq+1:
		return fmt.Errorf("%w: row %d is missing", ErrAudit, end.Seq+1)
	case string(row.Previous) != string(end.Hash):
		return fmt.Errorf("%w: row %d does not follow the one before", ErrAudit, row.Seq)
	case string(row.Hash) != string(row.sum()):
		return fmt.Errorf("%w: row %d does not say what it said", ErrAudit, row.Seq)
	}
	return nil
}

func ends(tx *gorm.DB, end idv.AuditHead, met bool) error {
	var head auditHeadRow
	if err := tx.Take(&head).Error; err != nil {
		return err
	}
	if head.Seq != end.Seq || string(head.Hash) != string(end.Hash) {
		return fmt.Errorf("%w: it should end with row %d and ends with row %d", ErrAudit, head.Seq, end.Seq)
	}
	if !met {
		return fmt.Errorf("%w: it ends before the row that was noted", ErrAudit)
	}
	return nil
}
