-- One parameter more each: which attempt of the job is at it.
drop function if exists api.ingest_stage(uuid, text, int, jsonb);
drop function if exists api.ingest_finish_file(uuid, uuid, int, text, text, int);
drop function if exists api.ingest_add_pages(uuid, jsonb, int);
drop function if exists api.ingest_next_page(uuid, uuid);
drop function if exists api.ingest_finish_page(uuid, uuid, text, text, text, text, text, text, text);
drop function if exists api.ingest_finish_site(uuid, uuid);
drop function if exists private.require_job(uuid);
drop function if exists api.beat_job(uuid, uuid, int, bigint, bigint, text, jsonb);
drop function if exists api.end_job(uuid, uuid, text, text, text, int);
