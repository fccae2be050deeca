-- Agents, visitors, conversations and their messages. A foreign key between tenant tables carries
-- user_id, because row level security does not guard foreign keys.

create table public.agents (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.accounts (id) on delete cascade,
  name text not null check (length(name) between 1 and 200),
  greeting text not null default 'Hello! How can I help you?' check (length(greeting) <= 4000),
  fallback_message text not null
    default 'I do not know the answer to that. Leave your contact details and a person will reply.'
    check (length(fallback_message) <= 4000),
  instructions text not null default '' check (length(instructions) <= 65536),
  model text not null default 'builtin',
  is_active boolean not null default true,
  allowed_origins text[] not null default '{}',
  theme jsonb not null default '{}' check (jsonb_typeof(theme) = 'object'),
  behavior jsonb not null default '{}' check (jsonb_typeof(behavior) = 'object'),
  position text not null default 'bottom-right'
    check (position in ('bottom-right', 'bottom-left', 'top-right', 'top-left', 'inline')),
  features jsonb not null default '{}' check (jsonb_typeof(features) = 'object'),
  personality jsonb not null default '{}' check (jsonb_typeof(personality) = 'object'),
  operating_hours jsonb not null default '{}' check (jsonb_typeof(operating_hours) = 'object'),
  knowledge_version bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id)
);
alter table public.agents enable row level security, force row level security;
create policy owner_all on public.agents to chatpad_owner using (true) with check (true);

create table public.visitors (
  id uuid primary key,
  user_id uuid not null,
  agent_id uuid not null,
  metadata jsonb not null default '{}',
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  created_at timestamptz not null default now(),
  unique (user_id, agent_id, id),
  foreign key (user_id, agent_id) references public.agents (user_id, id) on delete cascade
);
alter table public.visitors enable row level security, force row level security;
create policy owner_all on public.visitors to chatpad_owner using (true) with check (true);

-- last_seq and epoch change only under this row's lock; whoever writes a message takes it first.
create table public.conversations (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  agent_id uuid not null,
  visitor_id uuid,
  api_key_id uuid,
  channel text not null default 'web' check (length(channel) <= 40),
  status text not null default 'active'
    check (status in ('active', 'human_takeover', 'closed', 'archived')),
  escalated boolean not null default false,
  epoch bigint not null default 0,
  last_seq bigint not null default 0,
  message_count bigint not null default 0,
  subject text,
  preview text,
  metadata jsonb not null default '{}',
  last_message_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  closed_at timestamptz,
  unique (user_id, id),
  foreign key (user_id, agent_id) references public.agents (user_id, id) on delete cascade,
  foreign key (user_id, agent_id, visitor_id)
    references public.visitors (user_id, agent_id, id) on delete cascade,
  foreign key (user_id, api_key_id)
    references public.api_keys (user_id, id) on delete set null (api_key_id)
) with (fillfactor = 80);
create index conversations_inbox on public.conversations (user_id, created_at desc);
create index conversations_visitor on public.conversations (user_id, agent_id, visitor_id);
create index conversations_api_key on public.conversations (user_id, api_key_id)
  where api_key_id is not null;
alter table public.conversations enable row level security, force row level security;
create policy owner_all on public.conversations to chatpad_owner using (true) with check (true);

create table public.messages (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  conversation_id uuid not null,
  seq bigint not null check (seq > 0),
  role text not null check (role in ('visitor', 'assistant', 'human', 'system', 'tool')),
  content text not null default '' check (length(content) <= 65536),
  citations jsonb not null default '[]' check (jsonb_typeof(citations) = 'array'),
  cut_off boolean not null default false,
  state text not null default 'complete' check (state in ('complete', 'running')),
  epoch bigint not null default 0,
  reply_to uuid,
  author_id uuid references auth.users (id) on delete set null,
  author_name text,
  client_message_id text,
  metadata jsonb not null default '{}',
  model text,
  tokens_in int,
  tokens_out int,
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (conversation_id, seq),
  check (state = 'complete' or role = 'assistant'),
  foreign key (user_id, conversation_id)
    references public.conversations (user_id, id) on delete cascade
) with (fillfactor = 90);
-- Neither index names content or lease_until: a streamed answer updates those in place.
create index messages_running on public.messages (conversation_id) where state = 'running';
create index messages_reply on public.messages (reply_to) where reply_to is not null;
create index messages_author on public.messages (author_id) where author_id is not null;
alter table public.messages enable row level security, force row level security;
create policy owner_all on public.messages to chatpad_owner using (true) with check (true);

-- The first result of every client_message_id. Written before the message; the primary key makes
-- a concurrent retry wait for the first attempt to commit or fail.
create table private.idempotency (
  agent_id uuid not null,
  actor text not null,
  client_message_id text not null check (length(client_message_id) <= 200),
  message_id uuid not null,
  conversation_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (agent_id, actor, client_message_id)
);
alter table private.idempotency enable row level security, force row level security;
create policy owner_all on private.idempotency to chatpad_owner using (true) with check (true);

create table public.conversation_takeovers (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  conversation_id uuid not null,
  member_id uuid references auth.users (id) on delete set null,
  note text check (length(note) <= 4000),
  epoch bigint not null,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  end_note text check (length(end_note) <= 4000),
  created_at timestamptz not null default now(),
  foreign key (user_id, conversation_id)
    references public.conversations (user_id, id) on delete cascade
);
create index conversation_takeovers_conversation
  on public.conversation_takeovers (conversation_id, epoch);
create unique index conversation_takeovers_active
  on public.conversation_takeovers (conversation_id) where ended_at is null;
create index conversation_takeovers_member on public.conversation_takeovers (member_id);
alter table public.conversation_takeovers enable row level security, force row level security;
create policy owner_all on public.conversation_takeovers to chatpad_owner
  using (true) with check (true);

alter publication supabase_realtime add table public.messages;
