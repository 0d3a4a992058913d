// Package api is the HTTP edge: routes, requests and replies, who may call, and
// errors as status codes. It holds no rule about verification.
//
//	@title			bonafide
//	@version		1
//	@description	One REST API in front of many identity-verification (IDV) providers. Create a session for a user at any provider, then read one normalized verification status per user. Times are RFC 3339 in UTC with milliseconds. Unknown request fields are refused. Every reply carries `X-Request-Id`; every error is `application/problem+json` (RFC 9457) with a stable `code`. `Idempotency-Key` is understood on every POST. Requests are limited by their credential: `RateLimit` and `RateLimit-Policy` say how its quota stands, and one too many is 429 `rate_limited` with `Retry-After`. A path or a query of more than 8192 bytes is 400 `invalid_request` on every route.
//	@license.name	Apache-2.0
//
//	@tag.name			sessions
//	@tag.description	One attempt to verify one user at one provider.
//	@tag.name			users
//	@tag.description	The normalized verification status of a user.
//	@tag.name			events
//	@tag.description	What was announced: every change of a status, and every notice.
//	@tag.name			endpoints
//	@tag.description	Addresses of yours to which events are sent.
//	@tag.name			keys
//	@tag.description	API keys of clients. An operator makes the first one on the command line.
//	@tag.name			providers
//	@tag.description	The configured providers.
//	@tag.name			webhooks
//	@tag.description	What providers tell us, and what became of it.
//	@tag.name			privacy
//	@tag.description	What people have to see to: legal holds, what persons asked for, who did what.
//	@tag.name			operations
//	@tag.description	Whether the server is alive and ready, and how it is doing.
//
//	@securityDefinitions.apikey	Bearer
//	@in							header
//	@name						Authorization
//	@description				an API key, a JWT of your own identity provider where the operator accepts those, or a client token, sent as `Authorization: Bearer <credential>`. While the keys of the identity provider cannot be fetched, a JWT is answered 503 `internal` with `Retry-After`.
package api
