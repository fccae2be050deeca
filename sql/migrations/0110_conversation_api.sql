-- What somebody who escalates a conversation says about it, for the account's people and API keys.
alter table public.conversations add column escalation_note text;

-- Its successor is told for which visitor an API key begins a conversation.
drop function if exists api.post_visitor_message(uuid, uuid, text, text, jsonb, int, jsonb);
-- Its successor takes that note.
drop function if exists private.escalate(uuid, text, text);
