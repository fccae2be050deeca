-- What a site says of a customer it vouches for: `metadata` are its custom attributes.
alter table public.visitors add column phone text;
drop function if exists api.identify_visitor(uuid, text, boolean, uuid, text, text, text, text[]);
