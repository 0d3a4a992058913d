package main

import (
	"bytes"
	"fmt"

	"github.com/bonafide-idv/bonafide/internal/idv"
)

const header = `<!-- Generated from the code by "go run ./internal/diagram". Do not edit. -->

# Statuses

Generated from ` + "`internal/idv`" + ` by ` + "`go run ./internal/diagram`" + `: the meanings are the comments beside the constants, and what can follow what was found by folding every short sequence of observations, each heard when it happened.

## Sessions

`

const between = `
Steps along the arrows may be skipped, for providers do not tell everything. An arrow from a frame leads to the frame's statuses as the table below says. No status is final: a provider may always revise a decision, or decide what had ended.

`

// group is a kind of session status, drawn as a frame.
type group struct {
	name     string
	title    string
	contains func(idv.Status) bool
}

func groups() []group {
	return []group{
		{"Open", "open", idv.Status.Open},
		{"Decided", "decided", idv.Status.Decided},
		{"Ended", "ended without a decision", idv.Status.Ended},
	}
}

func (g group) members() []idv.Status {
	var members []idv.Status
	for _, s := range idv.Statuses() {
		if g.contains(s) {
			members = append(members, s)
		}
	}
	return members
}

// renderStates gives the page of statuses. A status without a meaning is an
// error.
func renderStates(g graph, m meanings) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(header)
	b.WriteString("| status | kind | meaning |\n|---|---|---|\n")
	for _, of := range groups() {
		for _, s := range of.members() {
			meaning := m["Status"][string(s)]
			if meaning == "" {
				return nil, fmt.Errorf("status %s has no comment", s)
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s, of.title, meaning)
		}
	}
	b.WriteString("\n")
	drawSessions(&b, g)
	b.WriteString(between)
	tabulate(&b, g)

	b.WriteString("\n## Users\n\n| status | when |\n|---|---|\n")
	for _, s := range idv.UserStatuses() {
		meaning := m["UserStatus"][string(s)]
		if meaning == "" {
			return nil, fmt.Errorf("user status %s has no comment", s)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", s, meaning)
	}
	b.WriteString("\nAn open session shows (`pending`, `in_review`, `action_required`) unless the user is `verified`.\n")
	return b.Bytes(), nil
}

// drawSessions draws the frames, the steps inside of each, and which frame
// leads to which: an arrow for every single pair could not be read.
func drawSessions(b *bytes.Buffer, g graph) {
	b.WriteString("```mermaid\nstateDiagram-v2\n    [*] --> Open\n")
	for _, of := range groups() {
		fmt.Fprintf(b, "    state %s {\n", of.name)
		if of.contains(idv.Created) {
			fmt.Fprintf(b, "        [*] --> %s\n", idv.Created)
		}
		for _, s := range of.members() {
			fmt.Fprintf(b, "        %s\n", s)
		}
		for _, from := range of.members() {
			for _, to := range of.members() {
				if g[from][to] && !g.stepped(of, from, to) {
					fmt.Fprintf(b, "        %s --> %s\n", from, to)
				}
			}
		}
		b.WriteString("    }\n")
	}
	for _, from := range groups() {
		for _, to := range groups() {
			if from.name != to.name && g.leads(from, to) {
				fmt.Fprintf(b, "    %s --> %s\n", from.name, to.name)
			}
		}
	}
	b.WriteString("```\n")
}

// stepped reports whether a status between the two, in the order of a session's
// life, leads from one to the other, so that their own arrow only skips it.
func (g graph) stepped(in group, from, to idv.Status) bool {
	for _, via := range in.members() {
		if via == to {
			return false
		}
		if via != from && g[from][via] && g[via][to] {
			return true
		}
	}
	return false
}

func (g graph) leads(from, to group) bool {
	for _, a := range from.members() {
		for _, b := range to.members() {
			if g[a][b] {
				return true
			}
		}
	}
	return false
}

// tabulate writes the whole graph, a row for each status.
func tabulate(b *bytes.Buffer, g graph) {
	b.WriteString("| from | can be followed by |\n|---|---|\n")
	for _, from := range idv.Statuses() {
		separator := ""
		fmt.Fprintf(b, "| `%s` | ", from)
		for _, to := range idv.Statuses() {
			if g[from][to] {
				fmt.Fprintf(b, "%s`%s`", separator, to)
				separator = ", "
			}
		}
		b.WriteString(" |\n")
	}
}
