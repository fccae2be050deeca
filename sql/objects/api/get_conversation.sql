-- One conversation as the inbox opens it: with its newest lead, what is known of its visitor, the answer
-- that is being written, and its newest 50 takeovers, oldest first. To an API key with the scope
-- conversations:read as well; the lead is for those that may read leads.
create or replace function api.get_conversation(p_conversation_id uuid) returns jsonb
language plpgsql stable security definer
set search_path = '' set enable_seqscan = off as $$
declare
  v_conversation public.conversations := private.readable_conversation(p_conversation_id);
  v_leads boolean := private.person_id() is not null or private.has_scope('leads:read');
begin
  return jsonb_build_object('conversation', private.conversation_json(v_conversation),
    'lead', (select private.full_lead_json(l) from public.leads l
      where v_leads and l.user_id = v_conversation.user_id and l.conversation_id = v_conversation.id
      order by l.created_at desc, l.id desc limit 1),
    'visitor', (select private.visitor_json(v) from public.visitors v
      where v.id = v_conversation.visitor_id),
    'running', (select jsonb_build_object('messageId', m.id, 'seq', m.seq, 'text', m.content)
      from public.messages m
      where m.conversation_id = v_conversation.id and m.state = 'running'
      order by m.seq desc limit 1),
    'takeovers', (
      select coalesce(jsonb_agg(private.takeover_json(t.one) order by (t.one).epoch), '[]')
      from (select o as one from public.conversation_takeovers o
        where o.conversation_id = v_conversation.id order by o.epoch desc limit 50) t));
end
$$;
revoke all on function api.get_conversation(uuid) from public;
grant execute on function api.get_conversation(uuid) to authenticated, api_key;
