-- Azure's issuers are known by their host: of another host no claim of that kind counts.
set local row_security = on;
update auth.sign_in_providers set kind = 'generic'
where kind = 'azure' and issuer !~ '^https://([^/:@]+\.ciamlogin\.com|login\.microsoftonline\.(com|us)|login\.partner\.microsoftonline\.cn|sts\.windows\.net)(:|/|$)';
-- Google's tokens name their issuer in two ways; identities keep the one.
update auth.identities set identity_data = identity_data || '{"iss":"https://accounts.google.com"}'
where identity_data ->> 'iss' = 'accounts.google.com';
set local row_security = off;

-- Changing identities asks for the session.
drop function if exists api.auth_unlink_identity(uuid, uuid);
-- Nobody calls it.
drop function if exists api.auth_flow_start(text, text, text, int);
drop function if exists api.set_super_admin(text, boolean);

-- Addresses are folded as ASCII (private.fold_email).
alter table auth.users drop constraint users_email_check, drop constraint users_email_change_check;
alter table auth.users
  add constraint users_email_check check (length(email) <= 320
    and email = translate(email, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')),
  add constraint users_email_change_check check (length(email_change) <= 320
    and email_change = translate(email_change, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'));
alter table public.team_invitations drop constraint team_invitations_email_check;
alter table public.team_invitations
  add constraint team_invitations_email_check check (length(email) <= 320
    and email = translate(email, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'));
