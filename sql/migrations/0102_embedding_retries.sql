-- Whoever's vectors could not be made waits, so that others are served; a passage that the service does
-- not take is left out.
alter table private.embedding_progress
  add column failures int not null default 0 check (failures >= 0),
  add column retry_at timestamptz;
create table private.chunks_refused (
  chunk_id uuid primary key references public.knowledge_chunks (id) on delete cascade,
  user_id uuid not null,
  agent_id uuid not null,
  model text not null check (length(model) between 1 and 200),
  created_at timestamptz not null default now(),
  foreign key (user_id, agent_id) references public.agents (user_id, id) on delete cascade
);
create index chunks_refused_agent on private.chunks_refused (user_id, agent_id);
alter table private.chunks_refused enable row level security, force row level security;
create policy owner_all on private.chunks_refused to chatpad_owner using (true) with check (true);
