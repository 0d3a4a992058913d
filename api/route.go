package api

import (
	"net/http"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// What a route asks of its caller besides a scope.
const (
	public        idv.Scope = ""  // nothing: health, documents, and webhooks, which are signed
	anyCredential idv.Scope = "*" // a valid credential of a client, whatever its scopes
	ownUser       idv.Scope = "@" // a client token
)

type route struct {
	method, path string
	scope        idv.Scope
	handler      handler
	// idempotent: an Idempotency-Key is kept around the handler. Creating a
	// session keeps it itself, in the transactions of the session.
	idempotent bool
}

// routes is the whole API and its rights on one screen.
func (s *server) routes() []route {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return []route{
		{get, "/healthz", public, s.healthz, false},
		{get, "/readyz", public, s.readyz, false},
		{get, "/openapi.json", public, s.openapi, false},
		{get, "/metrics", idv.ScopeMetricsRead, s.metrics, false},

		{post, "/v1/sessions", idv.ScopeSessionsWrite, s.createSession, false},
		{get, "/v1/sessions", idv.ScopeSessionsRead, s.listSessions, false},
		{get, "/v1/sessions/:id", idv.ScopeSessionsRead, s.getSession, false},
		{post, "/v1/sessions/:id/cancel", idv.ScopeSessionsWrite, s.cancelSession, true},
		{post, "/v1/sessions/:id/refresh", idv.ScopeSessionsWrite, s.refreshSession, true},
		{get, "/v1/sessions/:id/timeline", idv.ScopeSessionsRead, s.getTimeline, false},
		{get, "/v1/sessions/:id/result", idv.ScopeResultsRead, s.getResult, false},

		{get, "/v1/users/:externalUserId/verification", idv.ScopeUsersRead, s.getVerification, false},
		{get, "/v1/users/:externalUserId/verification/stream", idv.ScopeUsersRead, s.streamVerification, false},
		{post, "/v1/users/:externalUserId/client-tokens", idv.ScopeSessionsWrite, s.createClientToken, true},
		{del, "/v1/users/:externalUserId", idv.ScopeUsersErase, s.eraseUser, false},
		{get, "/v1/users/:externalUserId/legal-hold", idv.ScopeAdmin, s.getLegalHold, false},
		{put, "/v1/users/:externalUserId/legal-hold", idv.ScopeAdmin, s.setLegalHold, false},
		{del, "/v1/users/:externalUserId/legal-hold", idv.ScopeAdmin, s.releaseLegalHold, false},
		{get, "/v1/me/verification", ownUser, s.getOwnVerification, false},
		{get, "/v1/me/verification/stream", ownUser, s.streamOwnVerification, false},

		{get, "/v1/events", idv.ScopeSessionsRead, s.listEvents, false},

		{post, "/v1/endpoints", idv.ScopeEndpointsManage, s.createEndpoint, true},
		{get, "/v1/endpoints", idv.ScopeEndpointsManage, s.listEndpoints, false},
		{get, "/v1/endpoints/:id", idv.ScopeEndpointsManage, s.getEndpoint, false},
		{patch, "/v1/endpoints/:id", idv.ScopeEndpointsManage, s.changeEndpoint, false},
		{del, "/v1/endpoints/:id", idv.ScopeEndpointsManage, s.deleteEndpoint, false},
		{post, "/v1/endpoints/:id/rotate-secret", idv.ScopeEndpointsManage, s.rotateSecret, true},
		{post, "/v1/endpoints/:id/test", idv.ScopeEndpointsManage, s.testEndpoint, true},
		{get, "/v1/endpoints/:id/messages", idv.ScopeEndpointsManage, s.listMessages, false},
		{post, "/v1/endpoints/:id/messages/:eventId/resend", idv.ScopeEndpointsManage, s.resendMessage, true},
		{post, "/v1/endpoints/:id/resend", idv.ScopeEndpointsManage, s.resendRange, true},

		{post, "/v1/webhooks/:provider", public, s.receiveWebhook, false},
		{get, "/v1/webhook-deliveries", idv.ScopeAdmin, s.listDeliveries, false},
		{post, "/v1/webhook-deliveries/:id/replay", idv.ScopeAdmin, s.replayDelivery, true},

		{get, "/v1/privacy-tasks", idv.ScopeUsersErase, s.listTasks, false},
		{post, "/v1/privacy-tasks/:id/done", idv.ScopeUsersErase, s.finishTask, true},
		{get, "/v1/audit-log", idv.ScopeAdmin, s.listAuditLog, false},
		{post, "/v1/keys", idv.ScopeAdmin, s.createKey, true},
		{get, "/v1/keys", idv.ScopeAdmin, s.listKeys, false},
		{get, "/v1/keys/:id", idv.ScopeAdmin, s.getKey, false},
		{del, "/v1/keys/:id", idv.ScopeAdmin, s.revokeKey, false},

		{get, "/v1/providers", anyCredential, s.listProviders, false},
	}
}
