package api

import (
	"time"

	"github.com/labstack/echo/v4"
)

// ProviderStatus is what is known of one configured provider.
type ProviderStatus struct {
	Name, Title  string
	Mode         string // live, or test for an account that is not about real people
	Capabilities Capabilities
	Health       ProviderHealth
}

// Capabilities are what a provider's adapter can do beyond starting and
// fetching sessions.
type Capabilities struct {
	Webhooks bool `json:"webhooks" example:"true"`        // it calls us
	Cancel   bool `json:"cancel" example:"false"`         // a session can be cancelled there
	Erase    bool `json:"erase" example:"false"`          // it can be asked to erase a person's data
	Find     bool `json:"findLostCreates" example:"true"` // a create whose answer was lost can be found again
} // @name Capabilities

// ProviderHealth is how the newest calls to a provider went, seen from this
// process.
type ProviderHealth struct {
	Status        string // up, down or unknown
	LastSuccessAt time.Time
	LastFailureAt time.Time
}

type providerList struct {
	Data []providerReply `json:"data"`
} // @name ProviderList

type providerReply struct {
	Name         string       `json:"name" example:"kora"`
	Title        string       `json:"title" example:"Kora IDV"`
	Mode         string       `json:"mode" enums:"live,test" example:"live"`
	Capabilities Capabilities `json:"capabilities"`
	Health       healthReply  `json:"health"`
} // @name Provider

type healthReply struct {
	Status        string  `json:"status" enums:"up,down,unknown" example:"up"`
	LastSuccessAt *string `json:"lastSuccessAt" format:"date-time" extensions:"x-nullable" example:"2026-11-20T09:04:31.518Z"`
	LastFailureAt *string `json:"lastFailureAt" format:"date-time" extensions:"x-nullable" example:"2026-11-19T22:10:02.003Z"`
} // @name ProviderHealth

// listProviders answers the configured providers.
//
//	@Summary	List providers
//	@ID			listProviders
//	@Tags		providers
//	@Produce	json
//	@Success	200	{object}	providerList	"the configured providers"
//	@Failure	401	{object}	problem			"`unauthorized`"
//	@Failure	403	{object}	problem			"`forbidden`: a client token reads nothing but its user's status"
//	@Failure	500	{object}	problem			"`internal`"
//	@Failure	503	{object}	problem			"`internal`: the database is slow or away; `Retry-After` says when to come back"
//	@Security	Bearer
//	@Router		/v1/providers [get]
func (s *server) listProviders(echo.Context) (reply, error) {
	list := providerList{Data: []providerReply{}}
	for _, p := range s.Providers() {
		list.Data = append(list.Data, providerReply{
			Name:         p.Name,
			Title:        p.Title,
			Mode:         p.Mode,
			Capabilities: p.Capabilities,
			Health: healthReply{
				Status:        p.Health.Status,
				LastSuccessAt: stampOrNull(p.Health.LastSuccessAt),
				LastFailureAt: stampOrNull(p.Health.LastFailureAt),
			},
		})
	}
	return ok(list)
}
