// Package providers lists every provider that the program knows: one line each.
package providers

import (
	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
	"github.com/bonafide-idv/bonafide/providers/idenfy"
	idenfyemulator "github.com/bonafide-idv/bonafide/providers/idenfy/emulator"
	"github.com/bonafide-idv/bonafide/providers/idnorm"
	idnormemulator "github.com/bonafide-idv/bonafide/providers/idnorm/emulator"
	"github.com/bonafide-idv/bonafide/providers/kora"
	koraemulator "github.com/bonafide-idv/bonafide/providers/kora/emulator"
	"github.com/bonafide-idv/bonafide/providers/realid"
	realidemulator "github.com/bonafide-idv/bonafide/providers/realid/emulator"
	"github.com/bonafide-idv/bonafide/providers/veriff"
	veriffemulator "github.com/bonafide-idv/bonafide/providers/veriff/emulator"
)

// Entry is one provider with its stand-in.
type Entry struct {
	Adapter  idv.Adapter
	Emulator func(emulator.Options) emulator.Emulator
	// DevSettings gives the account that the emulator at the given root accepts.
	// Its values are made up and work nowhere else.
	DevSettings func(root string) idv.Settings
}

// All lists the providers, in the order of their names.
func All() []Entry {
	return []Entry{
		{Adapter: idenfy.Adapter(), Emulator: idenfyemulator.New, DevSettings: idenfyemulator.Settings},
		{Adapter: idnorm.Adapter(), Emulator: idnormemulator.New, DevSettings: idnormemulator.Settings},
		{Adapter: kora.Adapter(), Emulator: koraemulator.New, DevSettings: koraemulator.Settings},
		{Adapter: realid.Adapter(), Emulator: realidemulator.New, DevSettings: realidemulator.Settings},
		{Adapter: veriff.Adapter(), Emulator: veriffemulator.New, DevSettings: veriffemulator.Settings},
	}
}
