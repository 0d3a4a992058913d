package openapi

import (
	"slices"

	"pgregory.net/rapid"
)

// fault is one way in which a request can be broken.
type fault struct {
	name string
	// fits reports whether it can be done to a draft.
	fits func(d *draft) bool
	// do breaks the draft. It is refused if the document does not allow what comes
	// of it; otherwise it is odd, and up to the server.
	do func(d *draft) (refused bool)
	// written: it breaks the body as it is written down, and not its values.
	written bool
	part    int
}

// String is its name, which is all that a reader wants to see of it.
func (f fault) String() string { return f.name }

// faults are those of each part of a request. One of a part would hide another.
func faults(g *Generator) []fault {
	var all []fault
	for part, list := range [][]fault{slices.Concat(valueFaults(), bodyFaults()), queryFaults(), pathFaults(), headerFaults(), methodFaults(g)} {
		for _, f := range list {
			f.part = part
			all = append(all, f)
		}
	}
	return all
}

// Faults names every way in which requests are broken.
func (g *Generator) Faults() []string {
	var names []string
	for _, f := range g.faults {
		names = append(names, f.name)
	}
	return names
}

// Broken makes requests in which one thing is wrong, or several.
func (g *Generator) Broken(operation string, known Known) *rapid.Generator[Request] {
	return rapid.Custom(func(t *rapid.T) Request {
		d := g.draft(t, operation, known)
		fit := slices.DeleteFunc(slices.Clone(g.faults), func(f fault) bool { return !f.fits(d) })
		// Mostly one: what several do, one of them does.
		var written []fault
		refused := false
		for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "how many faults") {
			if len(fit) == 0 {
				break
			}
			f := rapid.SampledFrom(fit).Draw(t, "fault")
			fit = slices.DeleteFunc(fit, func(other fault) bool { return other.part == f.part })
			d.req.Faults = append(d.req.Faults, f.name)
			if f.written {
				written = append(written, f)
				continue
			}
			refused = f.do(d) || refused
		}
		d.req = encoded(d)
		for _, f := range written {
			refused = f.do(d) || refused
		}
		d.req.Refused = refused
		return d.req
	})
}

// pick draws one of the values.
func pick[T any](d *draft, what string, values ...T) T {
	return rapid.SampledFrom(values).Draw(d.t, what)
}

func always(*draft) bool { return true }
