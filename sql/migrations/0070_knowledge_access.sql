-- Who may be shown a source. `acl_mode` says whether groups are asked for and how, `sensitivity` what
-- is needed besides; private.may_see holds the rule, functions/shared/knowledge/access.h its twin.
alter table public.knowledge_sources
  add column acl_mode text not null default 'public'
    check (acl_mode in ('public', 'rbac', 'abac')),
  add column sensitivity text not null default 'public'
    check (sensitivity in ('public', 'internal', 'confidential', 'restricted')),
  add column acl_groups text[] not null default '{}'
    check (cardinality(acl_groups) <= 50 and array_position(acl_groups, null) is null
      and array_position(acl_groups, '') is null
      and array_to_string(acl_groups, '') !~ '[[:cntrl:],]');

-- The groups a site vouches for with its customer's identity, the newest signature's.
alter table public.visitors
  add column groups text[] not null default '{}' check (cardinality(groups) <= 50);

-- One more parameter: the groups.
drop function if exists api.identify_visitor(uuid, text, boolean, uuid, text, text, text);
-- One row more of each passage: who may see it.
drop function if exists api.knowledge_for_agent(uuid);
