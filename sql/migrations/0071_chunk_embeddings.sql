-- A model's vector of a passage, for searching by meaning. Apart from the passages, so that writing
-- one is no change of the knowledge; plain arrays, so that no extension is needed.
create table private.chunk_embeddings (
  chunk_id uuid primary key references public.knowledge_chunks (id) on delete cascade,
  user_id uuid not null,
  agent_id uuid not null,
  model text not null check (length(model) between 1 and 200),
  embedding real[] not null check (cardinality(embedding) between 1 and 4096),
  created_at timestamptz not null default now(),
  foreign key (user_id, agent_id) references public.agents (user_id, id) on delete cascade
);
create index chunk_embeddings_agent on private.chunk_embeddings (user_id, agent_id);
alter table private.chunk_embeddings enable row level security, force row level security;
create policy owner_all on private.chunk_embeddings to chatpad_owner using (true) with check (true);
