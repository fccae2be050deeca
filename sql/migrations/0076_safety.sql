-- What an agent's safety settings are, and what was noticed about a message. Flags say what something
-- was, never what was written; visitors do not see them.
alter table public.agents
  add column safety jsonb not null default '{}' check (jsonb_typeof(safety) = 'object');
alter table public.messages
  add column safety_flags jsonb not null default '[]';
