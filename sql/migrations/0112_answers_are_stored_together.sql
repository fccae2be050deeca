-- Its successor stores the text of many running answers in one transaction (api.append_answers).
drop function if exists api.append_answer(uuid, bigint, text, int);
