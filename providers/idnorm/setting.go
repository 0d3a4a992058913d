package idnorm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/httpclient"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

func settings() []idv.Setting {
	return []idv.Setting{
		{Key: "LICENSE_KEY", Required: true, Secret: true, Help: "API key of the platform; the first of a comma-separated list is used"},
		{Key: "CONFIG_ID", Required: true, Help: "id of the verification flow, built in IDNorm's platform"},
		{Key: "WEBHOOK_SECRET", Required: true, Secret: true, Help: "from Verifications → Settings; comma-separated, all verify"},
		{Key: "BASE_URL", Default: "https://api.idnorm.com", Help: "root of the platform API"},
		{Key: "MODE", Default: string(idv.ModeLive), Help: "test for a flow and a key that are for tests. What it says counts on a sandbox server alone"},
		{Key: "AUTH_HEADER", Default: "Idnorm-License-Key", Help: "header that carries the API key"},
		{Key: "AUTH_PREFIX", Help: "word before the API key in that header, such as Bearer"},
		{Key: "SIGNATURE_VARIANT", Default: "auto", Help: "byte order and key of the webhook signature: le-hex, le-utf8, be-hex, be-utf8, or auto (the first that fits stays)"},
		{Key: "COMPLETED_MEANS", Default: string(meansCheckResults), Help: "what the status COMPLETED is read as: check_results (approved only if the checks support it), approved, in_review"},
		{Key: "STATUS_MAP", Help: "readings that go before the built-in table, such as COMPLETED=approved,FOO=in_review; also =check_results and =none"},
		{Key: "EXTERNAL_USER_ID", Default: string(idv.EchoBoth), Help: "what IDNorm is given as externalUserId: both (<user>~<session>), user, session"},
	}
}

// options are the settings, read.
type options struct {
	baseURL    string
	authHeader string
	credential string
	configID   string
	secrets    []*secret
	// echo goes into externalUserId, the only field that IDNorm sends back (as
	// userId).
	echo     idv.Echo
	statuses map[string]reading
	test     bool // the flow is not about real people
}

// readOptions reports every setting that is wrong, by name and never by value.
func readOptions(s idv.Settings) (options, error) {
	var o options
	var problems []error
	wrong := func(key string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s %w", key, err))
		}
	}
	get := func(key string) string {
		for _, setting := range settings() {
			if setting.Key == key && strings.TrimSpace(s[key]) == "" {
				return setting.Default
			}
		}
		return strings.TrimSpace(s[key])
	}

	var err error
	o.configID = get("CONFIG_ID")
	if o.configID == "" {
		wrong("CONFIG_ID", errMissing)
	}
	if o.baseURL, err = httpclient.BaseURL(get("BASE_URL")); err != nil {
		wrong("BASE_URL", fmt.Errorf("is wrong: %w", err))
	}
	mode, err := oneOf(idv.Mode(get("MODE")), idv.ModeLive, idv.ModeTest)
	wrong("MODE", err)
	o.test = mode == idv.ModeTest
	o.authHeader = get("AUTH_HEADER")
	if strings.Trim(upper(o.authHeader), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		wrong("AUTH_HEADER", errors.New("is not the name of a header"))
	}
	o.credential, err = readCredential(s.List("LICENSE_KEY"), get("AUTH_PREFIX"))
	wrong("LICENSE_KEY", err)
	o.echo, err = oneOf(idv.Echo(get("EXTERNAL_USER_ID")), idv.EchoBoth, idv.EchoUser, idv.EchoSession)
	wrong("EXTERNAL_USER_ID", err)

	completed, err := oneOf(means(get("COMPLETED_MEANS")), meansCheckResults, means(idv.Approved), means(idv.InReview))
	wrong("COMPLETED_MEANS", err)
	o.statuses, err = statusTable(completed, get("STATUS_MAP"))
	wrong("STATUS_MAP", err)

	allowed, err := readVariants(get("SIGNATURE_VARIANT"))
	wrong("SIGNATURE_VARIANT", err)
	if err == nil {
		o.secrets, err = readSecrets(s.List("WEBHOOK_SECRET"), allowed)
		wrong("WEBHOOK_SECRET", err)
	}
	return o, errors.Join(problems...)
}

var errMissing = errors.New("is missing")

func readCredential(keys []string, prefix string) (string, error) {
	if len(keys) == 0 {
		return "", errMissing
	}
	credential := keys[0]
	if prefix != "" {
		credential = prefix + " " + credential
	}
	if strings.ContainsFunc(credential, notPrintable) {
		return "", errors.New("(or AUTH_PREFIX) cannot be written into a header")
	}
	return credential, nil
}

func readVariants(name string) ([]variant, error) {
	if name == "auto" {
		return variants(), nil
	}
	v, err := oneOf(variant(name), leHex, leUTF8, beHex, beUTF8)
	return []variant{v}, err
}

func readSecrets(values []string, allowed []variant) ([]*secret, error) {
	if len(values) == 0 {
		return nil, errMissing
	}
	var secrets []*secret
	for i, value := range values {
		s, err := newSecret(value, allowed)
		if err != nil {
			return nil, fmt.Errorf("(number %d) %w", i+1, err)
		}
		secrets = append(secrets, s)
	}
	return secrets, nil
}

func oneOf[T ~string](value T, allowed ...T) (T, error) {
	if slices.Contains(allowed, value) {
		return value, nil
	}
	return "", fmt.Errorf("is none of %v", allowed)
}

func notPrintable(r rune) bool { return r < ' ' || r > '~' }
