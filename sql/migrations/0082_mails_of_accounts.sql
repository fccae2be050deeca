-- What a confidential mail says is for who gets it, and for the operator, who delivers it: the account it is
-- written for sees that it is there.
alter table private.mail_outbox add column confidential boolean not null default false;
-- One more parameter.
drop function if exists private.queue_mail(text, text, text, int, uuid);
