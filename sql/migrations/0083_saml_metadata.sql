-- When the metadata of a SAML provider was last asked for at its URL.
alter table auth.sign_in_providers add column metadata_asked_at timestamptz;
create index sign_in_providers_metadata on auth.sign_in_providers (metadata_asked_at nulls first)
  where saml ->> 'metadataUrl' is not null;
