-- The two accounts that `chatpad verify-isolation` fills a throw-away database with: a row of everything,
-- the same in both. Ids differ in their first letter only, texts hold the account's marker. A tenant
-- table without a row here makes the verification fail.
do $$
declare
  p text;
  o uuid;
  agent uuid;
  guest uuid;
  chat uuid;
  source uuid;
  m text;
begin
  foreach p in array array['a', 'b'] loop
    m := 'onlyfor' || p || p || p;
    o := (p || '0000000-0000-4000-8000-000000000001')::uuid;
    agent := (p || '2000000-0000-4000-8000-000000000001')::uuid;
    guest := (p || '3000000-0000-4000-8000-000000000001')::uuid;
    chat := (p || '5000000-0000-4000-8000-000000000001')::uuid;
    source := (p || '9000000-0000-4000-8000-000000000001')::uuid;
    insert into auth.users (id, email, raw_user_meta_data, email_confirmed_at)
    select (p || '0000000-0000-4000-8000-00000000000' || n)::uuid, format('%s-%s@%s.example', r, p, m),
      jsonb_build_object('display_name', format('%s %s', r, m)), now()
    from unnest(array['owner', 'admin', 'manager', 'member', 'client', 'guest']) with ordinality x (r, n);
    insert into auth.mfa_factors (id, user_id, friendly_name, status, sealed) values
      ((p || 'd000000-0000-4000-8000-000000000001')::uuid, (p || '0000000-0000-4000-8000-000000000003')::uuid, m, 'verified', 'v1.0123456789abcdef.AAAA');
    insert into public.accounts (id, slug, display_name, plan) values (o, m, m, 'pro');
    insert into public.team_members (id, owner_id, member_id, role)
    select (p || '1000000-0000-4000-8000-00000000000' || n)::uuid, o, (p || '0000000-0000-4000-8000-00000000000' || n)::uuid, r
    from unnest(array['owner', 'admin', 'manager', 'member', 'client', 'client']) with ordinality x (r, n) where n > 1;
    insert into public.api_keys (id, user_id, name, prefix, key_hash, scopes)
    select (p || '4000000-0000-4000-8000-00000000000' || n)::uuid, o, m, 'cp_live_' || n, sha256((m || n)::bytea), '{chat:write}'
    from generate_series(1, 2) n;
    insert into public.team_invitations (id, user_id, email, role, token_hash, invited_by, expires_at) values
      ((p || 'b000000-0000-4000-8000-000000000001')::uuid, o, m || '@invited.example', 'client',
        sha256(m::bytea), o, now() + interval '1 day');
    insert into public.audit_exports (id, user_id, requested_by, format, status, token_hash, expires_at) values
      ((p || 'c000000-0000-4000-8000-000000000001')::uuid, o, o, 'csv', 'ready', sha256(m::bytea),
        now() + interval '1 day');
    insert into public.agents (id, user_id, name, greeting) values (agent, o, m, m);
    insert into public.visitors (id, user_id, agent_id) values
      (guest, o, agent), ((p || '3000000-0000-4000-8000-000000000002')::uuid, o, agent);
    insert into public.conversations (id, user_id, agent_id, visitor_id, last_seq, message_count) values
      (chat, o, agent, guest, 1, 1),
      ((p || '5000000-0000-4000-8000-000000000002')::uuid, o, agent, guest, 0, 0);
    insert into public.messages (id, user_id, conversation_id, seq, role, content) values
      ((p || '6000000-0000-4000-8000-000000000001')::uuid, o, chat, 1, 'visitor', m);
    insert into public.conversation_takeovers (id, user_id, conversation_id, member_id, epoch, ended_at, end_note) values
      ((p || '7000000-0000-4000-8000-000000000001')::uuid, o, chat, o, 0, now(), m);
    insert into public.leads (id, user_id, agent_id, conversation_id, name, email) values
      ((p || '8000000-0000-4000-8000-000000000001')::uuid, o, agent, chat, m, m || '@lead.example');
    insert into public.knowledge_sources (id, user_id, agent_id, title, status, content) values
      (source, o, agent, m, 'ready', m);
    insert into public.knowledge_chunks (id, user_id, agent_id, source_id, ordinal, content) values
      ((p || 'a000000-0000-4000-8000-000000000001')::uuid, o, agent, source, 0, m);
    insert into public.knowledge_sources (id, user_id, agent_id, title, type, url, status, settings) values
      ((p || '9000000-0000-4000-8000-000000000002')::uuid, o, agent, m, 'items', null, 'ready', '{"item_type": "product"}'),
      ((p || '9000000-0000-4000-8000-000000000003')::uuid, o, agent, m, 'url', 'http://127.0.0.1/' || m, 'ready', '{}'),
      ((p || '9000000-0000-4000-8000-000000000004')::uuid, o, agent, m, 'url', 'http://127.0.0.1/' || m, 'ready', '{}');
    insert into public.knowledge_documents (id, user_id, agent_id, source_id, ordinal, external_id, title, type, content) values
      ((p || 'd000000-0000-4000-8000-000000000001')::uuid, o, agent, source, 0, m, m, 'page', m),
      ((p || 'd000000-0000-4000-8000-000000000002')::uuid, o, agent, (p || '9000000-0000-4000-8000-000000000002')::uuid, 0, m, m, 'product', m);
    insert into private.jobs (id, user_id, kind, subject_id, run_at, note) values
      ((p || 'e000000-0000-4000-8000-000000000001')::uuid, o, 'knowledge.site', (p || '9000000-0000-4000-8000-000000000003')::uuid, 'infinity', m);
    insert into public.security_logs (user_id, actor_kind, event, details) values
      (o, 'system', 'test', jsonb_build_object('note', m));
    insert into public.plan_overrides (user_id, limits, note) values (o, '{"sources": 50}', m);
    insert into public.ai_budgets (user_id, scope, period, tokens_max) values (o, 'account', 'month', 1000000);
    insert into public.usage_metrics (user_id, metric, period, starts_on, quantity) values
      (o, 'messages', 'day', current_date, 1), (o, 'messages', 'month', date_trunc('month', current_date), 1);
    insert into public.realtime_limits (user_id, events_per_s) values (o, 50);
    insert into auth.sign_in_providers (id, user_id, protocol, identifier, name, issuer, client_id, domains)
    select x.id, o, 'oidc', 'sso:' || x.id, m, 'https://' || m || '.example', m, array[m || '.example']
    from (select (p || '5400000-0000-4000-8000-00000000000' || n)::uuid as id from generate_series(1, 2) n) x;
    insert into private.stripe_customers (id, user_id) values ('cus_' || m, o);
    insert into private.account_secrets (user_id, name, sealed, last4) values
      (o, 'probe', 'v1.0123456789abcdef.AAAA', 'AAAA');
  end loop;
  insert into auth.users (id, email, email_confirmed_at, is_super_admin) values
    ('c0000000-0000-4000-8000-000000000001', 'nobody@example.com', now(), false),
    ('d0000000-0000-4000-8000-000000000001', 'platform@example.com', now(), true);
  -- Something that can be bought.
  update public.plans set stripe_price_ids = '{price_probe}' where id = 'basic';
end
$$;
