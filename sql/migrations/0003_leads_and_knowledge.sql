-- Leads and the knowledge an agent answers from.

create table public.leads (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  agent_id uuid not null,
  conversation_id uuid,
  visitor_id uuid,
  name text check (length(name) <= 200),
  email text check (length(email) <= 320),
  phone text check (length(phone) <= 50),
  company text check (length(company) <= 200),
  job_title text check (length(job_title) <= 200),
  message text check (length(message) <= 8000),
  custom_fields jsonb not null default '{}' check (jsonb_typeof(custom_fields) = 'object'),
  score int not null default 0 check (score between 0 and 100),
  reasons jsonb not null default '[]' check (jsonb_typeof(reasons) = 'array'),
  status text not null default 'new'
    check (status in ('new', 'contacted', 'qualified', 'converted', 'lost')),
  source text not null default 'widget' check (length(source) <= 40),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  foreign key (user_id, agent_id) references public.agents (user_id, id) on delete cascade,
  foreign key (user_id, conversation_id)
    references public.conversations (user_id, id) on delete set null (conversation_id),
  foreign key (user_id, agent_id, visitor_id)
    references public.visitors (user_id, agent_id, id) on delete set null (visitor_id)
);
create index leads_account on public.leads (user_id, created_at desc);
create index leads_visitor on public.leads (user_id, agent_id, visitor_id);
create index leads_conversation on public.leads (user_id, conversation_id);
alter table public.leads enable row level security, force row level security;
create policy owner_all on public.leads to chatpad_owner using (true) with check (true);

create table public.knowledge_sources (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  agent_id uuid not null,
  title text not null check (length(title) between 1 and 500),
  type text not null default 'text' check (length(type) <= 40),
  url text check (length(url) <= 2000),
  content text not null default '',
  status text not null default 'pending'
    check (status in ('pending', 'processing', 'ready', 'failed')),
  sha256 bytea,
  error text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (user_id, id),
  unique (user_id, agent_id, id),
  unique (user_id, agent_id, sha256),
  foreign key (user_id, agent_id) references public.agents (user_id, id) on delete cascade
);
alter table public.knowledge_sources enable row level security, force row level security;
create policy owner_all on public.knowledge_sources to chatpad_owner using (true) with check (true);

create table public.knowledge_chunks (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  agent_id uuid not null,
  source_id uuid not null,
  ordinal int not null,
  heading text,
  page int,
  content text not null,
  created_at timestamptz not null default now(),
  unique (user_id, agent_id, source_id, ordinal),
  foreign key (user_id, agent_id, source_id)
    references public.knowledge_sources (user_id, agent_id, id) on delete cascade
);
alter table public.knowledge_chunks enable row level security, force row level security;
create policy owner_all on public.knowledge_chunks to chatpad_owner using (true) with check (true);
