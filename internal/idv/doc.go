// Package idv is the vocabulary of identity verification that every other
// package speaks: statuses, reasons, observations, the folds that read a
// session's and a user's status off them, and the contract that a provider's
// adapter fulfils. It is pure: no clock, no network, no storage, and nothing
// but the standard library.
package idv
