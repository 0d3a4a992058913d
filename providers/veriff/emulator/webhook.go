package emulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/bonafide-idv/bonafide/internal/emulator"
	"github.com/bonafide-idv/bonafide/internal/idv"
)

// wish asks for a webhook. What is empty takes the values of Veriff's examples.
type wish struct {
	Event       string `json:"event"`
	CheckType   string `json:"checkType"`
	MatchStatus string `json:"matchStatus"`
	Status      string `json:"status"`
	Reason      string `json:"reason"`
}

// Tell gives the webhook of a step.
func (v *veriff) Tell(s emulator.Session, _ emulator.Step) []emulator.Message {
	kind := "event"
	if _, code := words(s); isDecision(code) {
		kind = "decision"
	}
	if kind == "decision" && s.Status != idv.InReview && v.o.Settings[FullAuto] == "true" {
		kind = "fullauto"
	}
	m, ok := v.message(s, wish{Event: kind})
	if !ok {
		return nil
	}
	return []emulator.Message{m}
}

// notice sends a webhook and answers with the status that the receiver gave.
func (v *veriff) notice(w http.ResponseWriter, r *http.Request) {
	session, ok := v.stage.Session(r.PathValue("id"))
	if !ok {
		emulator.WriteJSON(w, http.StatusNotFound, map[string]string{"error": emulator.ErrNoSession.Error()})
		return
	}
	var asked wish
	err := emulator.ReadJSON(w, r, &asked, true)
	m, ok := v.message(session, asked)
	if err != nil || !ok {
		emulator.WriteJSON(w, http.StatusBadRequest, map[string]string{
			"error": `want {"event":"decision|event|fullauto|watchlist|ine_registry|curp_registry|combined-ine-curp-registry|user-status.created"}` +
				"; decision and fullauto want a session that is decided, event one that was begun",
		})
		return
	}
	v.stage.Deliver(w, r, m)
}

// message is a webhook about a session, false if there is none such.
func (v *veriff) message(s emulator.Session, asked wish) (emulator.Message, bool) {
	payload := v.payload(s, asked)
	if payload == nil {
		return emulator.Message{}, false
	}
	body, _ := json.Marshal(payload) // plain values always marshal
	return emulator.Message{URLs: []string{v.o.WebhookURL}, Event: asked.Event, Body: body}, true
}

func (v *veriff) payload(s emulator.Session, asked wish) object {
	status, code := words(s)
	attempt := attemptID(s, s.Round)
	switch asked.Event {
	case "decision":
		if isDecision(code) {
			return v.decision(s)
		}
	case "event":
		if code > 7000 && !isDecision(code) {
			return object{
				"id": s.ID, "attemptId": attempt, "feature": "selfid", "code": code, "action": status,
				"vendorData": text(s.Fields["vendorData"]), "endUserId": text(s.Fields["endUserId"]),
			}
		}
	case "fullauto":
		if isDecision(code) && s.Status != idv.InReview {
			return v.fullAuto(s, status)
		}
	case "watchlist":
		return screeningOf(s, cmp.Or(asked.CheckType, "updated_result"), cmp.Or(asked.MatchStatus, "possible_match"))
	case "ine_registry":
		return v.newer(s, asked.Event, object{
			"status": "La credencial es válida", "code": 200,
			"details": object{"active": true, "documentState": "El documento es válido."},
		})
	case "curp_registry":
		return object{
			"type": asked.Event, "id": s.ID, "vendorData": text(s.Fields["vendorData"]), "endUserId": text(s.Fields["endUserId"]),
			"version": "1.0.0", "data": object{
				"attemptId": attempt, "name": asked.Event, "status": "found", "code": 200,
				"details": object{"statusCurp": "AN", "curp": "XEXX010101HNEXXXA4", "description": "Alta normal"},
			},
		}
	case "combined-ine-curp-registry":
		return v.newer(s, asked.Event, object{"details": object{
			"ine":  object{"active": true, "ifeIdentifier": nil, "ineIdentifier": "0000000000001"},
			"curp": object{"statusCurp": "AN", "curp": "XEXX010101HNEXXXA4"},
		}})
	case "user-status.created":
		set := cmp.Or(asked.Status, "Escalate to compliance")
		return v.newer(s, asked.Event, object{"verification": object{"id": attempt, "userDefinedData": object{
			"status": set, "statusCode": strings.ReplaceAll(strings.ToLower(set), " ", "_"),
			"reason": text(asked.Reason), "reasonCode": nil, "createdAt": v.stage.Now(),
		}}})
	}
	return nil
}

// newer is the envelope of the newer webhooks.
func (v *veriff) newer(s emulator.Session, event string, data object) object {
	return object{
		"eventType": event, "sessionId": s.ID, "attemptId": attemptID(s, s.Round),
		"vendorData": text(s.Fields["vendorData"]), "endUserId": text(s.Fields["endUserId"]),
		"version": "1.0.0", "time": v.stage.Now(), "data": data,
	}
}

func screeningOf(s emulator.Session, checkType, matchStatus string) object {
	hits := []object{}
	if matchStatus == "possible_match" {
		hits = append(hits, object{
			"matchedName": "Amara C. Okafor", "countries": []string{"Nigeria"}, "dateOfBirth": "1994", "dateOfDeath": nil,
			"matchTypes": []string{"name_fuzzy", "year_of_birth"}, "aka": []string{"A. Okafor"}, "associates": []string{},
			"listingsRelatedToMatch": object{
				"warnings": []object{}, "sanctions": []object{}, "fitnessProbity": []object{}, "adverseMedia": []object{},
				"pep": []object{{"sourceName": "Example PEP register", "sourceUrl": "https://pep.example.org/1", "date": nil}},
			},
		})
	}
	return object{
		"checkType": checkType, "sessionId": s.ID, "attemptId": attemptID(s, s.Round),
		"vendorData": text(s.Fields["vendorData"]), "endUserId": text(s.Fields["endUserId"]),
		"matchStatus": matchStatus, "searchTerm": object{"name": "Amara Okafor", "year": "1994"},
		"totalHits": len(hits), "createdAt": s.UpdatedAt, "hits": hits, "monitorStatus": "enabled",
	}
}

// fullAuto is the decision as Full Auto tells it: extractions and insights in
// place of reasons.
func (v *veriff) fullAuto(s emulator.Session, decision string) object {
	read := func(value string) any {
		if !wasRead(s) {
			return nil
		}
		return object{"confidenceCategory": "high", "value": value, "sources": []string{"VIZ", "MRZ"}}
	}
	insight := func(label, category string, ok bool) object {
		result := "no"
		if ok {
			result = "yes"
		}
		return object{"label": label, "result": result, "category": category}
	}
	faults := func(code string) bool { return s.Reason == code }
	payload := v.newer(s, "fullauto", object{"verification": object{
		"decisionScore": map[bool]any{true: 0.93, false: nil}[wasRead(s)], "decision": decision,
		"person": object{
			"firstName": read("AMARA"), "lastName": read("OKAFOR"), "dateOfBirth": read("1994-02-17"),
			"gender": nil, "idNumber": nil, "nationality": nil, "address": nil, "placeOfBirth": nil,
		},
		"document": object{
			"type": object{"value": "passport"}, "country": object{"value": "NG"}, "number": read("A0000001"),
			"validFrom": nil, "validUntil": read("2031-05-09"), "firstIssue": nil,
		},
		"insights": []object{
			insight("validDocumentAppearance", "document", !faults("102")),
			insight("documentImageQualitySufficient", "document", !faults("204")),
			insight("documentNotExpired", "document", !faults("207")),
			insight("faceSimilarToPortrait", "biometric", !faults("103")),
			insight("allowedIpLocation", "fraud", !faults("112")),
		},
	}})
	payload["status"], payload["acceptanceTime"], payload["time"] = "success", s.CreatedAt, s.UpdatedAt
	return payload
}
