-- Tokens of mails, the flows they belong to, and the mails themselves. `p_once`, made by the program:
-- {"token", "otp"} as bytea texts and "sealed", what the mail is to say. `p_rules`: expiresS, intervalS,
-- perHour.

-- Counts against the recipient's rate before anything else is looked at, so that an address that
-- nobody has answers like one that somebody has.
create or replace function private.admit_mail(p_email text, p_rules jsonb) returns void
language plpgsql volatile security definer set search_path = '' set enable_seqscan = off as $$
declare
  v_wait numeric;
  v_interval numeric := coalesce((p_rules ->> 'intervalS')::numeric, 60);
  v_per_hour int := coalesce((p_rules ->> 'perHour')::int, 30);
  v private.mail_asks;
begin
  insert into private.mail_asks as m (recipient_hash, asked_at, hour_began_at, in_hour)
  values (sha256(convert_to(p_email, 'UTF8')), 'epoch', now(), 0)
  on conflict (recipient_hash) do update set recipient_hash = m.recipient_hash
  returning * into v;
  v_wait := ceil(extract(epoch from v.asked_at - now()) + v_interval);
  if v_wait > 0 then
    perform private.fail('over_email_send_rate_limit', format(
      'For security purposes, you can only request this after %s seconds.', v_wait),
      'retry_after_s=' || v_wait);
  end if;
  if v.hour_began_at < now() - interval '1 hour' then
    v.hour_began_at := now();
    v.in_hour := 0;
  end if;
  if v.in_hour >= v_per_hour then
    perform private.fail('over_email_send_rate_limit', 'email rate limit exceeded',
      'retry_after_s=' || ceil(extract(epoch from v.hour_began_at + interval '1 hour' - now())));
  end if;
  update private.mail_asks m set asked_at = now(), hour_began_at = v.hour_began_at,
    in_hour = v.in_hour + 1 where m.recipient_hash = v.recipient_hash;
end
$$;

create or replace function private.queue_mail(
  p_kind text, p_recipient text, p_sealed text, p_expires_s int, p_account uuid default null,
  p_confidential boolean default false)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  insert into private.mail_outbox (user_id, kind, recipient, sealed, confidential, expires_at)
  values (p_account, p_kind, p_recipient, p_sealed, p_confidential,
    now() + make_interval(secs => coalesce(p_expires_s, 86400)));
end
$$;

-- The challenge of a PKCE flow, or null when the client asked without one. `p_flow`: challenge, method.
create or replace function private.start_flow(p_flow jsonb, p_user_id uuid, p_how text, p_expires_s int)
returns uuid language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_id uuid;
begin
  if p_flow ->> 'challenge' is null then
    return null;
  end if;
  insert into auth.flow_state (user_id, code_challenge, code_challenge_method,
    authentication_method, expires_at)
  values (p_user_id, p_flow ->> 'challenge', p_flow ->> 'method', p_how,
    now() + make_interval(secs => coalesce(p_expires_s, 3600)))
  returning id into v_id;
  return v_id;
end
$$;

-- Replaces the person's token of that kind.
create or replace function private.put_token(
  p_user_id uuid, p_kind text, p_email text, p_once jsonb, p_rules jsonb,
  p_redirect_to text default null, p_flow_id uuid default null)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  insert into auth.one_time_tokens as t (user_id, kind, email, token_hash, otp_hash, redirect_to,
    flow_id, expires_at)
  values (p_user_id, p_kind, p_email, (p_once ->> 'token')::bytea, (p_once ->> 'otp')::bytea,
    p_redirect_to, p_flow_id,
    now() + make_interval(secs => coalesce((p_rules ->> 'expiresS')::int, 3600)))
  on conflict (user_id, kind) do update set email = excluded.email, attempts = 0,
    token_hash = excluded.token_hash, otp_hash = excluded.otp_hash, created_at = now(),
    redirect_to = excluded.redirect_to, flow_id = excluded.flow_id, expires_at = excluded.expires_at;
end
$$;

-- A token of the kind with its mail, and the time at which it was sent.
create or replace function private.mail_token(
  p_user auth.users, p_kind text, p_email text, p_once jsonb, p_rules jsonb,
  p_redirect_to text, p_flow_id uuid)
returns void language plpgsql volatile security definer
set search_path = '' set enable_seqscan = off as $$
begin
  perform private.put_token(p_user.id, p_kind, p_email, p_once, p_rules, p_redirect_to, p_flow_id);
  perform private.queue_mail(p_kind, p_email, p_once ->> 'sealed', (p_rules ->> 'expiresS')::int);
  update auth.users u set
    confirmation_sent_at = case when p_kind in ('signup', 'invite') then now() else u.confirmation_sent_at end,
    invited_at = case when p_kind = 'invite' then now() else u.invited_at end,
    recovery_sent_at = case when p_kind in ('recovery', 'magiclink') then now() else u.recovery_sent_at end,
    email_change_sent_at = case when p_kind like 'email_change%' then now() else u.email_change_sent_at end,
    reauthentication_sent_at = case when p_kind = 'reauthentication' then now() else u.reauthentication_sent_at end
  where u.id = p_user.id;
end
$$;

-- How what begins with a mail begins: the service asks for somebody, and the address may be written to.
-- `p` as in api/auth_mail.sql; returns the address.
create or replace function private.mail_address(p jsonb) returns text
language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
declare
  v_email text := private.clean_email(p ->> 'email');
begin
  perform private.require_service();
  perform private.admit_mail(v_email, p -> 'rules');
  return v_email;
end
$$;

-- The mail of that kind, with the flow of the client that asked for it.
create or replace function private.mail_flow(
  p_user auth.users, p_kind text, p_email text, p jsonb, p_how text)
returns void language plpgsql volatile set search_path = '' set enable_seqscan = off as $$
begin
  perform private.mail_token(p_user, p_kind, p_email, p -> 'once', p -> 'rules', p ->> 'redirectTo',
    private.start_flow(p -> 'flow', p_user.id, p_how, (p #>> '{rules,expiresS}')::int));
end
$$;

revoke all on function private.admit_mail(text, jsonb) from public;
revoke all on function private.mail_address(jsonb) from public;
revoke all on function private.mail_flow(auth.users, text, text, jsonb, text) from public;
revoke all on function private.queue_mail(text, text, text, int, uuid, boolean) from public;
revoke all on function private.start_flow(jsonb, uuid, text, int) from public;
revoke all on function private.put_token(uuid, text, text, jsonb, jsonb, text, uuid) from public;
revoke all on function private.mail_token(auth.users, text, text, jsonb, jsonb, text, uuid) from public;
