package api

import (
	"context"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// Audit shows who did what.
type Audit interface {
	AuditLog(ctx context.Context, f idv.AuditFilter) ([]idv.AuditRecord, error)
}

type auditReply struct {
	Seq int64  `json:"seq" minimum:"1" example:"17"`
	At  string `json:"at" format:"date-time" example:"2026-12-01T10:00:00.000Z"`
	// The credential's id, or "cli" for whoever ran a command beside the database.
	Actor  string          `json:"actor" example:"key_01kagt2f6pe4mrt1qq3g1c2s8f"`
	Action idv.AuditAction `json:"action" example:"result.read"`
	// What it was done to: an id, or the client's id of a user.
	Object string `json:"object" example:"ses_01kagt2f6pe4mrt1qq3g1c2s8f"`
	// SHA-256 over this row and the hash of the one before.
	Hash string `json:"hash" example:"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`
} // @name AuditRecord

type auditList struct {
	Data       []auditReply `json:"data"`
	NextCursor *string      `json:"nextCursor" extensions:"x-nullable" example:"17"`
	HasMore    bool         `json:"hasMore" example:"false"`
} // @name AuditLog

// listAuditLog answers who did what.
//
//	@Summary		Read the audit log
//	@Description	Who read a result, erased, held or released a user, replayed a delivery, canceled or settled a session, did a privacy task, made or revoked a key, newest first. `bonafide audit verify` proves that nothing of it was changed.
//	@ID				listAuditLog
//	@Tags			privacy
//	@Produce		json
//	@Param			action	query		string		false	"only these actions"	Enums(result.read,session.canceled,session.settled,user.erased,user.held,user.released,task.done,delivery.replayed,key.created,key.revoked,keys.rewrapped)	example(result.read)
//	@Param			object	query		string		false	"only what was done to this"	maxlength(255)	example(ses_01kagt2f6pe4mrt1qq3g1c2s8f)
//	@Param			limit	query		integer		false	"how many"	minimum(1)	maximum(200)	default(50)	example(50)
//	@Param			cursor	query		string		false	"`nextCursor` of the page before"	example(17)
//	@Success		200		{object}	auditList	"a page of the log"
//	@Failure		400		{object}	problem		"`invalid_request`: a parameter is unknown or wrong"
//	@Failure		401		{object}	problem		"`unauthorized`"
//	@Failure		403		{object}	problem		"`forbidden`: the credential lacks `admin`"
//	@Failure		500		{object}	problem		"`internal`"
//	@Failure		503		{object}	problem		"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@x-example		{"400": {"detail": "The request has a mistake: ?limit must be a number from 1 to 200.", "errors": [{"pointer": "?limit", "code": "invalid_value", "detail": "must be a number from 1 to 200"}]}}
//	@Security		Bearer
//	@Router			/v1/audit-log [get]
func (s *server) listAuditLog(c echo.Context) (reply, error) {
	q := newQuery(c.Request().URL.RawQuery, "action", "object", "limit", "cursor")
	known := func(v string) bool { return slices.Contains(idv.AuditActions(), idv.AuditAction(v)) }
	f := idv.AuditFilter{
		Action: idv.AuditAction(q.text("action", known, "must be an action")),
		Object: q.text("object", validUserID, "must be 1 to 255 characters without control characters"),
		Limit:  q.limit() + 1, // one more tells whether there are more
	}
	cursor := q.text("cursor", isSeq, "must be a nextCursor of this list")
	if err := q.err(); err != nil {
		return reply{}, err
	}
	f.Before, _ = strconv.ParseInt(cursor, 10, 64) // 0 for none
	records, err := s.Audit.AuditLog(c.Request().Context(), f)
	if err != nil {
		return reply{}, err
	}
	list := auditList{Data: []auditReply{}, HasMore: len(records) == f.Limit}
	for _, r := range records[:min(len(records), f.Limit-1)] {
		list.Data = append(list.Data, auditReply{Seq: r.Seq, At: stamp(r.At), Actor: r.Actor, Action: r.Action, Object: r.Object, Hash: hex.EncodeToString(r.Hash)})
	}
	if list.HasMore {
		next := strconv.FormatInt(list.Data[len(list.Data)-1].Seq, 10)
		list.NextCursor = &next
	}
	return ok(list)
}

func isSeq(v string) bool {
	n, err := strconv.ParseInt(v, 10, 64)
	return err == nil && n > 0
}
