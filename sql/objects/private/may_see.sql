-- Whether a source of this access may be shown to somebody: `p_inside` says they are of the account,
-- `p_groups` which groups they are in. Who is in any group counts as inside. The program's twin is
-- functions/shared/knowledge/access.h; tests hold the two together.
create or replace function private.may_see(
  p_acl_mode text, p_sensitivity text, p_acl_groups text[], p_inside boolean, p_groups text[])
returns boolean language sql immutable as $$
  select case
    when p_acl_mode = 'public' and p_sensitivity = 'public' then true
    when not p_inside and cardinality(p_groups) = 0 then false
    when p_acl_mode = 'abac' or p_sensitivity = 'restricted'
      then cardinality(p_acl_groups) > 0 and p_acl_groups <@ p_groups
    when p_acl_mode = 'rbac' or p_sensitivity = 'confidential' then p_acl_groups && p_groups
    else true end
$$;
revoke all on function private.may_see(text, text, text[], boolean, text[]) from public;
