package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/token"
)

const (
	callerKey = "caller"
	scopeKey  = "scope"
)

func (s *server) authenticated(scope idv.Scope, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		caller, err := s.identify(c)
		if refused := (*problem)(nil); errors.As(err, &refused) {
			return s.limitStranger(c, err)
		}
		if err != nil {
			return err
		}
		// Before the right is asked for: what is forbidden is a request as well.
		if err := s.limitCaller(c, caller); err != nil {
			return err
		}
		if err := permit(caller, scope); err != nil {
			return err
		}
		c.Set(callerKey, caller)
		c.Set(scopeKey, scope)
		return next(c)
	}
}

// identify tells who makes a request; a *problem if nobody does who is known.
func (s *server) identify(c echo.Context) (idv.Caller, error) {
	scheme, credential, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	credential = strings.TrimSpace(credential)
	if !strings.EqualFold(scheme, "Bearer") || credential == "" {
		return idv.Caller{}, unauthorized("Send a credential: Authorization: Bearer <API key, JWT or client token>.")
	}
	ctx, cancel := s.inTime(c)
	defer cancel()
	caller, err := s.Authenticator.Authenticate(ctx, credential)
	if errors.Is(err, token.ErrInvalid) {
		return idv.Caller{}, unauthorized("The credential is unknown, expired or revoked.")
	}
	return caller, err
}

// permit refuses a caller who may not use a route.
func permit(who idv.Caller, scope idv.Scope) error {
	if why := refusal(who, scope); why != "" {
		return &problem{Status: http.StatusForbidden, Code: codeForbidden, Detail: why}
	}
	return nil
}

// stillMay refuses a request that was admitted and would not be so now: a
// credential may end while its request waits. Where that cannot be told at
// present, it stands.
func (s *server) stillMay(c echo.Context) error {
	scope, _ := c.Get(scopeKey).(idv.Scope)
	who, err := s.identify(c)
	if err == nil {
		err = permit(who, scope)
	}
	if refused := (*problem)(nil); errors.As(err, &refused) {
		return refused
	}
	return nil
}

// refusal says why the caller may not; empty if they may.
func refusal(caller idv.Caller, scope idv.Scope) string {
	switch {
	case scope == ownUser && caller.User == "":
		return "This route is for client tokens."
	case scope == ownUser:
		return ""
	case caller.User != "":
		return "A client token reads the status of its user at /v1/me/… and nothing else."
	case scope != anyCredential && !caller.May(scope):
		return "This credential lacks the scope " + string(scope) + "."
	default:
		return ""
	}
}

// caller is who makes the request; only behind authenticated.
func caller(c echo.Context) idv.Caller {
	who, _ := c.Get(callerKey).(idv.Caller)
	return who
}

func unauthorized(detail string) error {
	return &problem{
		Status: http.StatusUnauthorized, Code: codeUnauthorized, Detail: detail,
		header: map[string]string{echo.HeaderWWWAuthenticate: `Bearer realm="bonafide"`},
	}
}
