// Package httpclient is the one HTTP client that every provider's adapter
// uses. It knows what must not differ between adapters: a question may be
// repeated, a write is sent exactly once, every failure is an
// *idv.ProviderError that says whether the request may have had its effect, and
// no error shows a URL, a credential or a body.
package httpclient
