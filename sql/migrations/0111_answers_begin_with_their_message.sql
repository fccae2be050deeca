-- Its successor may begin the answer in the transaction of the message.
drop function if exists api.post_visitor_message(uuid, uuid, text, text, jsonb, int, jsonb, uuid);
