// Package hook tells other systems what happened: signed webhooks with
// retries, dead letters and replay.
//
// What happened is a flow record of a case, or an alert issued, replaced or
// ended. Its job is put down in the transaction that wrote it (a trigger on
// onemap.incident_flow), so that a crash loses nothing and what was rolled back
// is never told. The job looks which webhooks want the event and may have it
// (event.go), and puts down one delivery for each. A delivery is sent until it
// is taken (send.go), at least once.
//
// What is sent follows Standard Webhooks:
//
//	webhook-id:        the delivery's UUID, the same in every attempt and replay
//	webhook-timestamp: seconds since 1970 of this attempt
//	webhook-signature: v1,<base64 of HMAC-SHA256(secret, id.timestamp.body)>, one for each secret in force, with a blank between
//	{"type": "incident.close", "timestamp": …, "data": {"sequence": 7, "step": {…}, "incident": {…}}}
//
// A receiver checks the signature and that the timestamp is within five
// minutes, answers 2xx within fifteen seconds, and forgets ids that it has
// seen. Deliveries may overtake each other: sequence counts a case's records
// from 1, and incident is the case as it is when it is sent, of a version.
//
// A webhook belongs to an organisation and sends what that organisation may
// see at the moment of sending, by layers/access, whoever made it: never the
// reporter or how to reach them. What was sent is not kept.
package hook
