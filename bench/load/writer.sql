\startpipeline
select where set_config('role', 'visitor', true) is null or set_config('request.jwt.claims', (:claims::text[])[:client_id::int + 1], true) is null or set_config('statement_timeout', '15000', true) is null;
select api.post_visitor_message((:agents::uuid[])[:client_id::int + 1], (:conversations::uuid[])[:client_id::int + 1], :message, null, '{}', 10);
\endpipeline
