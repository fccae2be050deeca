-- Nobody gives an answer up this way: an answer that fails is finished with what it has.
drop function if exists api.abort_answer(uuid, bigint, text);
