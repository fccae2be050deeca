-- Sessions and people whose tokens count no more, though they have not expired: what a program that
-- was not there to hear of it has to know. Access tokens live an hour.
create or replace function api.ended_sessions()
returns table (id uuid, is_person boolean, ended_s bigint)
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  return query select e.id, e.is_person, extract(epoch from e.ended_at)::bigint
  from auth.ended_sessions e where e.ended_at > now() - interval '65 minutes'
  order by e.ended_at desc limit 100000;
end
$$;

-- What nobody can use any more: tokens and flows past their time, mails a week after they were sent or
-- a day after nobody sent them, counts of mails.
create or replace function api.forget_auth_leftovers() returns int
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_total int := 0;
  v_count int;
begin
  perform private.require_service();
  delete from auth.ended_sessions e where e.ended_at < now() - interval '2 hours';
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from auth.one_time_tokens t where t.expires_at < now();
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from auth.flow_state f where f.expires_at < now();
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from auth.sign_in_flows f where f.expires_at < now();
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from auth.saml_assertions a where a.expires_at < now();
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from auth.mfa_challenges c where c.created_at < now() - interval '1 hour';
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from auth.mfa_factors f where f.status = 'unverified'
    and f.created_at < now() - interval '1 hour';
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from private.api_key_tokens t where t.expires_at < now();
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from private.mail_asks m where m.asked_at < now() - interval '1 day';
  get diagnostics v_count = row_count;
  v_total := v_total + v_count;
  delete from private.mail_outbox m
  where m.created_at < now() - interval '7 days' and m.expires_at < now() - interval '1 day';
  get diagnostics v_count = row_count;
  return v_total + v_count;
end
$$;

revoke all on function api.ended_sessions() from public;
revoke all on function api.forget_auth_leftovers() from public;
grant execute on function api.ended_sessions() to service_role;
grant execute on function api.forget_auth_leftovers() to service_role;
