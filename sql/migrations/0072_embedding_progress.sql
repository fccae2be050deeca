-- How far a model's vectors of an agent's knowledge are, and who is at it.
create table private.embedding_progress (
  agent_id uuid primary key,
  user_id uuid not null,
  model text not null check (length(model) between 1 and 200),
  version bigint not null default 0,  -- of the knowledge whose passages all have a vector
  lease_until timestamptz,
  foreign key (user_id, agent_id) references public.agents (user_id, id) on delete cascade
);
create index embedding_progress_agent on private.embedding_progress (user_id, agent_id);
alter table private.embedding_progress enable row level security, force row level security;
create policy owner_all on private.embedding_progress to chatpad_owner using (true) with check (true);
