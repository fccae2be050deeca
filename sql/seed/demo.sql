-- The demo shop's content for an existing demo account. The account itself, with its password and
-- API key, is made by `select api.seed_demo(<password hash>, <key hash>, <key prefix>)`, which the
-- program calls because the secrets are its own. Idempotent.
select private.seed_demo_shop(u.id) from auth.users u where u.email = api.demo_email();
