-- The outbox: rows that private.queue_mail wrote, on their way to the mail server.

-- Takes up to so many mails that are due; whoever takes one has two minutes before it is due again.
create or replace function api.take_mails(p_count int)
returns table (id uuid, kind text, recipient text, sealed text, attempts int)
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  update private.mail_outbox m set failed_at = now(), sealed = null, last_error = coalesce(m.last_error, 'too late')
  where m.sent_at is null and m.failed_at is null and m.next_at <= now() and m.expires_at <= now();
  return query
  update private.mail_outbox m set attempts = m.attempts + 1, next_at = now() + interval '2 minutes'
  where m.id in (select d.id from private.mail_outbox d
    where d.sent_at is null and d.failed_at is null and d.next_at <= now()
    order by d.next_at limit p_count for update skip locked)
  returning m.id, m.kind, m.recipient, m.sealed, m.attempts;
end
$$;

create or replace function api.mail_sent(p_id uuid) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  update private.mail_outbox m set sent_at = now(), sealed = null, last_error = null where m.id = p_id;
end
$$;

-- Tried again after `p_again_s` seconds; null: never.
create or replace function api.mail_failed(p_id uuid, p_error text, p_again_s int) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
begin
  perform private.require_service();
  update private.mail_outbox m set last_error = left(p_error, 500),
    failed_at = case when p_again_s is null then now() end,
    sealed = case when p_again_s is null then null else m.sealed end,
    next_at = now() + make_interval(secs => coalesce(p_again_s, 0))
  where m.id = p_id;
end
$$;

-- Newest first. The service and super admins see all; an account's admins what was written for it, without
-- the words of what is confidential.
create or replace function api.list_mails(p_account_id uuid, p_limit int)
returns table (id uuid, kind text, recipient text, sealed text, "row" jsonb)
language plpgsql stable security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_all boolean := current_setting('role') = 'service_role' or private.is_super_admin();
begin
  if not v_all then
    if private.person_id() is null then
      perform private.fail('forbidden', 'This needs a signed-in person.');
    end if;
    if private.role_rank(public.account_role(p_account_id)) = 0 then
      perform private.not_found();
    end if;
    if private.role_rank(public.account_role(p_account_id)) < private.role_rank('admin') then
      perform private.fail('insufficient_role', 'Your role in this account does not allow this.');
    end if;
  end if;
  return query
  select m.id, m.kind, m.recipient, case when v_all or not m.confidential then m.sealed end,
    jsonb_build_object('id', m.id, 'kind', m.kind, 'accountId', m.user_id, 'confidential', m.confidential,
    'recipient', m.recipient, 'status', case when m.sent_at is not null then 'sent'
      when m.failed_at is not null then 'failed' when m.expires_at <= now() then 'expired' else 'waiting' end,
    'attempts', m.attempts, 'lastError', m.last_error, 'createdAt', private.iso(m.created_at),
    'sentAt', private.iso(m.sent_at), 'expiresAt', private.iso(m.expires_at))
  from private.mail_outbox m
  where (v_all and (p_account_id is null or m.user_id = p_account_id)) or (not v_all and m.user_id = p_account_id)
  order by m.created_at desc, m.id limit least(greatest(p_limit, 1), 200);
end
$$;

revoke all on function api.take_mails(int) from public;
revoke all on function api.mail_sent(uuid) from public;
revoke all on function api.mail_failed(uuid, text, int) from public;
revoke all on function api.list_mails(uuid, int) from public;
grant execute on function api.take_mails(int) to service_role;
grant execute on function api.mail_sent(uuid) to service_role;
grant execute on function api.mail_failed(uuid, text, int) to service_role;
grant execute on function api.list_mails(uuid, int) to authenticated, service_role;
