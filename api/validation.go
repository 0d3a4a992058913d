package api

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

// validation checks requests by their validate tags.
type validation struct {
	v *validator.Validate
}

func newValidation() *validation {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name
	})
	for tag, holds := range map[string]func(string) bool{
		"printable": printable,
		"callback":  callback,
		"birthdate": birthdate,
		"events":    idv.EventPattern,
		"scope":     func(s string) bool { return slices.Contains(idv.Scopes(), idv.Scope(s)) },
		"phone":     regexp.MustCompile(`^\+?[0-9][0-9 ().-]{3,30}$`).MatchString,
	} {
		// It fails for an empty tag or function only.
		_ = v.RegisterValidation(tag, func(fl validator.FieldLevel) bool { return holds(fl.Field().String()) })
	}
	return &validation{v: v}
}

// check returns the mistakes of a request; nil if there are none.
func (v *validation) check(request any) []fieldError {
	var found validator.ValidationErrors
	if !errors.As(v.v.Struct(request), &found) {
		return nil
	}
	var errs []fieldError
	for _, f := range found {
		code, detail := explain(f)
		errs = append(errs, fieldError{Pointer: pointer(f.Namespace()), Code: code, Detail: detail})
	}
	return errs
}

var index = regexp.MustCompile(`\[(\d+)\]`)

// pointer turns "Request.documentTypes[0]" into "/documentTypes/0".
func pointer(namespace string) string {
	_, path, _ := strings.Cut(namespace, ".")
	return "/" + strings.ReplaceAll(index.ReplaceAllString(path, ".$1"), ".", "/")
}

func explain(f validator.FieldError) (code, detail string) {
	unit := ""
	if f.Kind() == reflect.String {
		unit = " characters"
	}
	switch f.Tag() {
	case "required":
		return "required", "is required"
	case "max", "lte":
		return "too_large", "must be at most " + f.Param() + unit
	case "min", "gte":
		return "too_small", "must be at least " + f.Param() + unit
	case "oneof":
		return "invalid_value", "must be one of " + strings.ReplaceAll(f.Param(), " ", ", ")
	case "unique":
		return "invalid_value", "must not repeat a value"
	case "printable":
		return "invalid_characters", "must be valid UTF-8 without control characters"
	case "callback":
		return "invalid_url", "must be an https address (http for localhost)"
	case "events":
		return "invalid_value", "must be a type of event, or a group of them such as user.*"
	case "scope":
		return "invalid_value", "must be a scope, such as " + string(idv.ScopeUsersRead)
	case "birthdate":
		return "invalid_date", "must be a past date as YYYY-MM-DD"
	case "iso3166_1_alpha2":
		return "invalid_country", "must be an ISO 3166-1 alpha-2 code such as NG"
	case "bcp47_language_tag":
		return "invalid_locale", "must be a BCP 47 tag such as en-GB"
	case "email":
		return "invalid_email", "must be an e-mail address"
	case "phone":
		return "invalid_phone", "must be a phone number such as +2348012345678"
	default:
		return "invalid_value", "is not valid"
	}
}

// printable refuses what cannot be told apart by eye or be stored everywhere.
// U+FFFD is what broken UTF-8 and lone surrogates are turned into, so that two
// different ids could become one.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}

func callback(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || !printable(s) {
		return false
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost") || ip != nil && ip.IsLoopback())
}

func birthdate(s string) bool {
	t, err := time.Parse(time.DateOnly, s)
	return err == nil && t.Year() >= 1900 && t.Before(time.Now())
}

// metadata is bounded by hand: a key may hold anything, so that a path made of
// it could not be told from another.
func checkMetadata(m map[string]string) []fieldError {
	const maxKeys, maxLength = 20, 500
	if len(m) > maxKeys {
		return []fieldError{{Pointer: "/metadata", Code: "too_large", Detail: fmt.Sprintf("must have at most %d keys", maxKeys)}}
	}
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var errs []fieldError
	for k, v := range m {
		if k == "" || utf8.RuneCountInString(k) > maxLength || utf8.RuneCountInString(v) > maxLength {
			errs = append(errs, fieldError{
				Pointer: "/metadata/" + escape.Replace(k), Code: "too_large",
				Detail: "must have a name and a value of at most " + strconv.Itoa(maxLength) + " characters, and a name",
			})
		}
	}
	return errs
}
