-- Rights to private topics. Rights are computed once per statement, for realtime.topic().
-- Projects add their own permissive policies for their own topics; the restrictive ones keep those
-- from reaching a reserved topic, from naming further topics and from forging a durable event.
revoke all on realtime.messages from public, anon, visitor, authenticated, api_key, service_role;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;
grant select, insert on realtime.messages to visitor, api_key;

drop policy if exists visitor_select on realtime.messages;
create policy visitor_select on realtime.messages for select to visitor
  using ((select realtime.reserved_allows('read'))
    and (topic = (select realtime.topic()) or (select realtime.topic()) = any (also_topics)));

drop policy if exists authenticated_select on realtime.messages;
create policy authenticated_select on realtime.messages for select to authenticated
  using ((select realtime.reserved_allows('read'))
    and (topic = (select realtime.topic()) or (select realtime.topic()) = any (also_topics)));

drop policy if exists visitor_insert on realtime.messages;
create policy visitor_insert on realtime.messages for insert to visitor
  with check ((select realtime.reserved_allows('write')) and topic = (select realtime.topic()));

drop policy if exists authenticated_insert on realtime.messages;
create policy authenticated_insert on realtime.messages for insert to authenticated
  with check ((select realtime.reserved_allows('write')) and topic = (select realtime.topic()));

drop policy if exists restricted_select on realtime.messages;
create policy restricted_select on realtime.messages as restrictive for select
  to anon, visitor, authenticated, api_key
  using (not realtime.is_reserved(topic)
    or ((select realtime.reserved_allows('read'))
      and (topic = (select realtime.topic()) or (select realtime.topic()) = any (also_topics))));

drop policy if exists restricted_insert on realtime.messages;
create policy restricted_insert on realtime.messages as restrictive for insert
  to anon, visitor, authenticated, api_key
  with check (also_topics = '{}' and seq is null
    and num_nonnulls(payload, binary_payload) <= 1 and (not realtime.is_reserved(topic)
    or (extension = 'broadcast' and event = 'typing' and private
      and topic = (select realtime.topic()) and (select realtime.reserved_allows('write')))));

drop policy if exists restricted_update on realtime.messages;
create policy restricted_update on realtime.messages as restrictive for update
  to anon, visitor, authenticated, api_key
  using (not realtime.is_reserved(topic) and also_topics = '{}' and seq is null)
  with check (not realtime.is_reserved(topic) and also_topics = '{}' and seq is null
    and num_nonnulls(payload, binary_payload) <= 1);
