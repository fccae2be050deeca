-- What is known of a conversation as a possible sale, between its messages (functions/shared/leads), and
-- the rest of a lead's record.
alter table public.agents
  add column lead_settings jsonb not null default '{}' check (jsonb_typeof(lead_settings) = 'object');

create table private.lead_states (
  conversation_id uuid primary key,
  user_id uuid not null,
  state jsonb not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (user_id, conversation_id)
    references public.conversations (user_id, id) on delete cascade
);
create index lead_states_conversation on private.lead_states (user_id, conversation_id);
alter table private.lead_states enable row level security, force row level security;
create policy owner_all on private.lead_states to chatpad_owner using (true) with check (true);

alter table public.leads
  add column summary text not null default '' check (length(summary) <= 2000),
  add column journey_stage text not null default 'discovery'
    check (journey_stage in ('discovery', 'qualification', 'demonstration', 'closing')),
  add column qualification jsonb not null default '{}' check (jsonb_typeof(qualification) = 'object'),
  add column key_moments jsonb not null default '[]' check (jsonb_typeof(key_moments) = 'array'),
  add column intents jsonb not null default '[]' check (jsonb_typeof(intents) = 'array'),
  add column assigned_to uuid references auth.users (id) on delete set null;
create index leads_assigned on public.leads (assigned_to) where assigned_to is not null;
