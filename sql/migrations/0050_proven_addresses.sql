-- When the person last proved to read the mail of their present address: by a link or a code of a
-- mail, or by a provider that vouches for it. email_confirmed_at may also say that nobody asked.
alter table auth.users add column email_proven_at timestamptz;
