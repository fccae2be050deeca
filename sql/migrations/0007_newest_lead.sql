-- The newest lead of a conversation in one step. Without the time in the index the planner may walk an
-- account's leads by time instead, which takes longer the more of them there are.
drop index public.leads_conversation;
create index leads_conversation
  on public.leads (user_id, conversation_id, created_at desc, id desc);
