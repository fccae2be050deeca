-- Knowledge from files, sites and lists: what a source was made from, the documents it consists of, and
-- where in them a passage stands.

-- status says whether the source answers; what is under way, or went wrong, is its newest job's.
alter table public.knowledge_sources
  add column settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  add column media_type text check (length(media_type) <= 100),
  add column file_name text check (length(file_name) <= 255),
  add column kept_bytes bigint not null default 0 check (kept_bytes >= 0),
  add column page_count int,
  add column chunk_count int not null default 0,
  add column error_code text check (length(error_code) <= 60),
  add column sync_schedule text check (length(sync_schedule) <= 60),
  add column next_sync_at timestamptz,
  add column last_synced_at timestamptz;
create index knowledge_sources_due on public.knowledge_sources (next_sync_at)
  where next_sync_at is not null;

-- A page of a site, an item of a list. A file is one document and has no row here.
create table public.knowledge_documents (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  agent_id uuid not null,
  source_id uuid not null,
  ordinal int not null,
  external_id text not null check (length(external_id) between 1 and 2100),
  title text not null check (length(title) between 1 and 1023),
  url text check (length(url) <= 2047),
  type text check (length(type) <= 40),
  content text not null default '',
  content_hash bytea,
  etag text check (length(etag) <= 500),
  last_modified text check (length(last_modified) <= 100),
  metadata jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  chunk_count int not null default 0,
  indexed_at timestamptz,
  created_at timestamptz not null default now(),
  unique (user_id, id),
  unique (user_id, agent_id, source_id, external_id),
  foreign key (user_id, agent_id, source_id)
    references public.knowledge_sources (user_id, agent_id, id) on delete cascade
);
alter table public.knowledge_documents enable row level security, force row level security;
create policy owner_all on public.knowledge_documents to chatpad_owner using (true) with check (true);

-- char_start and char_end count the characters of the text that was read out of the document; heading
-- is the path of headings.
alter table public.knowledge_chunks
  add column document_id uuid,
  add column char_start int,
  add column char_end int,
  drop constraint knowledge_chunks_user_id_agent_id_source_id_ordinal_key,
  add constraint knowledge_chunks_place
    unique nulls not distinct (user_id, agent_id, source_id, document_id, ordinal);
set local row_security = on;  -- looks at the rows that are there
alter table public.knowledge_chunks add foreign key (user_id, document_id)
  references public.knowledge_documents (user_id, id) on delete cascade;
set local row_security = off;
create index knowledge_chunks_document on public.knowledge_chunks (user_id, document_id)
  where document_id is not null;
