package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/bonafide-idv/bonafide/internal/seal"
)

type probeRow struct {
	One   int `gorm:"primaryKey;autoIncrement:false"`
	Probe []byte
}

// TableName names the table.
func (probeRow) TableName() string { return "seal_probe" }

const probePlace = "seal_probe.probe/1"

// ErrWrongKey: what is in the database was sealed with other encryption keys.
var ErrWrongKey = errors.New("the encryption keys do not open this database")

// CheckKeys reports whether the encryption keys are those of this database, which
// the first ones that come make their own. It is ErrWrongKey if they are not.
func (s *Store) CheckKeys(ctx context.Context) error {
	var row probeRow
	err := s.read(ctx).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		row = probeRow{One: 1, Probe: s.seal.Seal(probePlace, nil)}
		if err := s.alone(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return failed("keep a probe of the encryption keys", err)
		}
		err = s.read(ctx).Take(&row).Error // another process may have been first
	}
	if err != nil {
		return failed("read the probe of the encryption keys", err)
	}
	if _, err := s.seal.Open(probePlace, row.Probe); err != nil {
		if errors.Is(err, seal.ErrKey) {
			return ErrWrongKey
		}
		return fmt.Errorf("the probe of the encryption keys: %w", err)
	}
	return nil
}
