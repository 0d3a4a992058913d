// Package payload reads what providers send: JSON of which little is promised,
// and words in it that may be shown only if they cannot be about a person.
package payload
