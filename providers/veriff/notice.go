package veriff

import (
	"cmp"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// watchlist reads a screening, the first one or a later change, which may come
// years after the decision (page /docs/watchlist-screening-webhook). It moves no
// status; the hits themselves are personal data and are not kept.
func watchlist(u idv.Update, m message) idv.Update {
	u.OccurredAt = m.CreatedAt.time()
	u.Notice = notice(idv.NoticeAMLChanged, map[string]text{
		"checkType": m.CheckType, "matchStatus": m.MatchStatus, "totalHits": m.TotalHits,
	})
	if m.MatchStatus != "no_match" {
		u.Why = "a screening may have found the person, which a human should look at"
	}
	return u
}

// registryResult reads what a Mexican register said (pages /docs/ine-webhook,
// /docs/curp-webhook). What lies in data.details of the combined one is not
// published beyond these members.
func registryResult(u idv.Update, m message) idv.Update {
	d := m.Data
	u.OccurredAt = m.Time.time()
	u.Notice = notice(idv.NoticeRegistryResult, map[string]text{
		"registry":   text(m.kind()),
		"status":     d.Status,
		"code":       d.Code,
		"active":     cmp.Or(d.Details.Active, d.Details.INE.Active),
		"statusCurp": cmp.Or(d.Details.StatusCURP, d.Details.CURP.StatusCURP),
	})
	return u
}

// userStatus reads a status that somebody set by hand in the portal, out of
// those that the operator defined there (page /docs/user-defined-statuses-webhook).
func userStatus(u idv.Update, m message) idv.Update {
	set := m.Data.Verification.UserDefinedData
	u.OccurredAt = set.CreatedAt.time()
	if u.OccurredAt.IsZero() {
		u.OccurredAt = m.Time.time()
	}
	u.Notice = notice(idv.NoticeCustomStatus, map[string]text{
		"status": set.Status, "statusCode": set.StatusCode, "reason": set.Reason, "reasonCode": set.ReasonCode,
	})
	return u
}

// notice keeps the facts that are short plain words.
func notice(kind idv.NoticeKind, facts map[string]text) *idv.Notice {
	n := &idv.Notice{Kind: kind, Facts: map[string]string{}}
	for key, value := range facts {
		if w := word(value); w != "" {
			n.Facts[key] = w
		}
	}
	return n
}
