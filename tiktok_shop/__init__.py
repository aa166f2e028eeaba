"""The wire to TikTok Shop's Partner API. Knows that API and nothing of ours.

Reading order: `endpoints` (what can be asked), `errors` (what a refusal means), `client` (asking),
`oauth` (getting and renewing access). `signing`, `envelope`, `transport` and `redaction` stand
beneath.
"""
