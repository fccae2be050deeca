-- Its successor is told by which safety settings the message was screened.
drop function if exists api.post_visitor_message(uuid, uuid, text, text, jsonb, int);
