package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/internal/token"
)

const callerKey = "caller"

func (s *server) authenticated(scope idv.Scope, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		scheme, credential, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
		credential = strings.TrimSpace(credential)
		if !strings.EqualFold(scheme, "Bearer") || credential == "" {
			return unauthorized("Send a credential: Authorization: Bearer <API key>.")
		}
		caller, err := s.Authenticator.Authenticate(c.Request().Context(), credential)
		if errors.Is(err, token.ErrInvalid) {
			return unauthorized("The credential is unknown, expired or revoked.")
		}
		if err != nil {
			return err
		}
		if scope != anyCredential && !caller.May(scope) {
			return &problem{
				Status: http.StatusForbidden, Code: codeForbidden,
				Detail: "This credential lacks the scope " + string(scope) + ".",
			}
		}
		c.Set(callerKey, caller)
		return next(c)
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
