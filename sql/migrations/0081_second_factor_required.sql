-- Accounts that let nobody in without a second factor. The index is as good as empty: asking whether an
-- account is one of them costs next to nothing.
alter table public.accounts add column second_factor_required boolean not null default false;
create index accounts_second_factor on public.accounts (id) where second_factor_required;
-- One more column: whether that is what keeps the caller out.
drop function if exists realtime.account_of_topic(text);
