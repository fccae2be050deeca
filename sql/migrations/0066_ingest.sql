-- What a job works with: the bytes of uploaded files, passages that are not complete yet, the pages of a
-- site that are still to be read.

-- In parts, so that nobody holds a whole file to write or read it.
create table private.knowledge_files (
  user_id uuid not null,
  source_id uuid not null,
  ordinal int not null check (ordinal >= 0),
  bytes bytea not null check (octet_length(bytes) between 1 and 1048576),
  primary key (source_id, ordinal),
  foreign key (user_id, source_id) references public.knowledge_sources (user_id, id) on delete cascade
);
create index knowledge_files_source on private.knowledge_files (user_id, source_id);
alter table private.knowledge_files enable row level security, force row level security;
create policy owner_all on private.knowledge_files to chatpad_owner using (true) with check (true);

-- document: '' of a file, the address of a page.
create table private.knowledge_staging (
  job_id uuid not null references private.jobs (id) on delete cascade,
  document text not null,
  ordinal int not null,
  heading text,
  page int,
  char_start int,
  char_end int,
  content text not null,
  primary key (job_id, document, ordinal)
);
alter table private.knowledge_staging enable row level security, force row level security;
create policy owner_all on private.knowledge_staging to chatpad_owner using (true) with check (true);

create table private.crawl_pages (
  job_id uuid not null references private.jobs (id) on delete cascade,
  url text not null check (length(url) between 1 and 2048),
  ordinal int not null,
  lastmod timestamptz,
  status text not null default 'waiting' check (status in ('waiting', 'read', 'unchanged', 'failed')),
  error_code text,
  primary key (job_id, url)
);
create index crawl_pages_waiting on private.crawl_pages (job_id, ordinal) where status = 'waiting';
alter table private.crawl_pages enable row level security, force row level security;
create policy owner_all on private.crawl_pages to chatpad_owner using (true) with check (true);
