\startpipeline
select where set_config('role', 'anon', true) is null or set_config('request.jwt.claims', :claims, true) is null or set_config('statement_timeout', '15000', true) is null;
select agent, config, operating_hours, account_id, visitor_id from api.get_widget_config(:agent, '', null);
\endpipeline
