insert into bench_plain (conversation_id, seq, content) values (gen_random_uuid(), :client_id::int, :message);
