-- Tables whose row changes people of the account may listen to. Their replica identity holds what the
-- policies for SELECT read, so that a deleted row tells whose it was. Messages keep their key alone: single
-- ones are never deleted, and an index more would be paid at each of them.

create unique index conversation_takeovers_account on public.conversation_takeovers (user_id, id);

alter table public.agents replica identity using index agents_user_id_id_key;
alter table public.conversations replica identity using index conversations_user_id_id_key;
alter table public.conversation_takeovers
  replica identity using index conversation_takeovers_account;
alter table public.leads replica identity using index leads_user_id_id_key;
-- The policies read both ends, and the table is small.
alter table public.team_members replica identity full;

alter publication supabase_realtime add table public.agents, public.conversations,
  public.conversation_takeovers, public.leads, public.team_members;
