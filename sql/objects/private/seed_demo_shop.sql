-- The demo shop of an account: its agent, knowledge, two past conversations and a lead. Made once;
-- called again it only returns the agent.
create or replace function private.seed_demo_shop(p_user_id uuid) returns uuid
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_agent_id uuid;
  v_text record;
  v_source_id uuid;
  v_visitor_id uuid;
  v_conversation_id uuid;
begin
  perform private.require_service();
  -- Two programs seeding at once: the second waits and finds the agent.
  perform from public.accounts a where a.id = p_user_id for no key update;
  select a.id into v_agent_id from public.agents a
  where a.user_id = p_user_id order by a.created_at, a.id limit 1;
  if found then
    return v_agent_id;
  end if;
  insert into public.agents (user_id, name, greeting, fallback_message, instructions, theme,
    behavior, features, personality, operating_hours)
  values (p_user_id, 'Ada from Harbour Teas',
    'Hello! Ask me about our teas, opening hours, shipping or returns.',
    'I could not find that in what I know about the shop. Leave your e-mail address and a person '
      || 'will answer you.',
    'You are the friendly assistant of a small tea shop. Answer only from the given passages.',
    '{"primaryColor":"#1f6f5c","textColor":"#ffffff","radius":12}',
    '{"openOnLoad":false,"showSources":true}',
    '{"leadCapture":true,"knowledgeBase":true,"fileUpload":false}',
    '{"tone":"friendly"}',
    '{"timezone":"Europe/Berlin","businessHours":{
      "monday":{"isOpen":true,"openTime":"10:00","closeTime":"18:30",
        "breaks":[{"startTime":"13:00","endTime":"14:00"}]},
      "tuesday":{"isOpen":true,"openTime":"10:00","closeTime":"18:30",
        "breaks":[{"startTime":"13:00","endTime":"14:00"}]},
      "wednesday":{"isOpen":true,"openTime":"10:00","closeTime":"18:30",
        "breaks":[{"startTime":"13:00","endTime":"14:00"}]},
      "thursday":{"isOpen":true,"openTime":"10:00","closeTime":"18:30",
        "breaks":[{"startTime":"13:00","endTime":"14:00"}]},
      "friday":{"isOpen":true,"openTime":"10:00","closeTime":"20:00","breaks":[]},
      "saturday":{"isOpen":true,"openTime":"09:00","closeTime":"16:00","breaks":[]},
      "sunday":{"isOpen":false}},"holidays":[]}')
  returning id into v_agent_id;

  for v_text in
    select * from (values
      (1, 'Opening hours', '/demo#hours', array[
        'Harbour Teas is open Monday to Thursday from 10:00 to 18:30, with a lunch break from 13:00 to 14:00. On Friday we are open from 10:00 to 20:00 without a break. On Saturday we are open from 9:00 to 16:00. We are closed on Sundays and on public holidays.',
        'Tea tastings take place every first Friday of the month at 18:30 and cost 15 euros per person. Please book a seat by e-mail at least two days ahead.']),
      (2, 'Address and getting here', '/demo#address', array[
        'Our shop is at Harbour Street 12, 20459 Hamburg, Germany. The nearest underground station is Baumwall, five minutes on foot.',
        'Parking is available in the garage on Harbour Street 20. The shop entrance is step-free and suitable for wheelchairs.']),
      (3, 'Shipping', '/demo#shipping', array[
        'We ship within Germany for 4.90 euros; orders over 40 euros are shipped free of charge. Delivery within Germany takes two to three working days.',
        'Shipping to other countries of the European Union costs 9.90 euros and takes four to seven working days. We do not ship outside the European Union at the moment.',
        'Orders placed before 12:00 on a working day leave our shop the same day. You receive a tracking link by e-mail as soon as the parcel is on its way.']),
      (4, 'Returns and refunds', '/demo#returns', array[
        'You can return unopened products within 30 days of delivery and get the full price back. Opened tea cannot be returned for reasons of hygiene.',
        'To return something, write to returns@harbour-teas.example with your order number and we will send you a return label. The return label is free within Germany.',
        'Refunds reach your account within five working days after the parcel has arrived at our shop.']),
      (5, 'Payment', '/demo#payment', array[
        'You can pay with Visa, Mastercard, PayPal, SEPA direct debit or bank transfer. In the shop we also take cash.',
        'Gift vouchers are available from 10 to 200 euros. They are valid for three years and can be used in the shop and online.']),
      (6, 'Contact', '/demo#contact', array[
        'You can reach us by e-mail at hello@harbour-teas.example or by phone at +49 40 555 0142 during opening hours. We answer e-mails within one working day.',
        'Companies and restaurants get wholesale prices from 5 kilograms per order. Write to wholesale@harbour-teas.example for a price list.']),
      (7, 'Our teas', '/demo#teas', array[
        'Warehouse Breakfast is a black tea of Assam and Ceylon: malty, brisk, happy with milk. It costs 6.90 euros per 100 grams.',
        'Earl Grey No. 12 is our house number, a black tea with bergamot and cornflower. It costs 7.40 euros per 100 grams.',
        'Morning Tide Sencha is a green tea from Kagoshima: fresh, grassy, a little salty. It costs 9.80 euros per 100 grams.',
        'High Hill Oolong comes from Taiwan and is buttery, with a scent of orchids. It costs 14.50 euros per 100 grams.',
        'East Frisian Evening is a strong and dark black tea, drunk with rock sugar and cream. It costs 6.40 euros per 100 grams.',
        'Lighthouse Rooibos is an infusion with vanilla and orange peel and has no caffeine. It costs 5.90 euros per 100 grams.',
        'Dune Mint is a herbal tea of peppermint and sea buckthorn without caffeine. It costs 5.60 euros per 100 grams.',
        'White Peony is a white tea of first buds from Fujian: soft, pale, like warm hay. It costs 12.20 euros per 100 grams.',
        'We sell these teas: Warehouse Breakfast, Earl Grey No. 12, Morning Tide Sencha, High Hill Oolong, East Frisian Evening, Lighthouse Rooibos, Dune Mint and White Peony.',
        'Every tea is sold loose, in tins of 100 grams. All prices include VAT.'])
    ) as t (ordinal, title, url, chunks)
    order by ordinal
  loop
    -- created_at differs by position, so that the passages keep this order.
    insert into public.knowledge_sources (user_id, agent_id, title, type, url, content, status,
      sha256, created_at)
    values (p_user_id, v_agent_id, v_text.title, 'text', v_text.url,
      array_to_string(v_text.chunks, E'\n\n'), 'ready',
      sha256(convert_to(array_to_string(v_text.chunks, E'\n\n'), 'UTF8')),
      now() + v_text.ordinal * interval '1 millisecond')
    returning id into v_source_id;
    insert into public.knowledge_chunks (user_id, agent_id, source_id, ordinal, heading, content)
    select p_user_id, v_agent_id, v_source_id, (c.ordinal - 1)::int, v_text.title, c.content
    from unnest(v_text.chunks) with ordinality c (content, ordinal);
  end loop;

  v_visitor_id := gen_random_uuid();
  insert into public.visitors (id, user_id, agent_id, first_seen_at, last_seen_at)
  values (v_visitor_id, p_user_id, v_agent_id, now() - interval '2 days', now() - interval '2 days');
  insert into public.conversations (user_id, agent_id, visitor_id, status, last_seq, message_count,
    subject, preview, last_message_at, created_at, updated_at)
  values (p_user_id, v_agent_id, v_visitor_id, 'closed', 2, 2, 'Delivery time',
    'Delivery within Germany takes two to three working days.', now() - interval '2 days',
    now() - interval '2 days', now() - interval '2 days')
  returning id into v_conversation_id;
  insert into public.messages (user_id, conversation_id, seq, role, content, citations, created_at,
    updated_at)
  select p_user_id, v_conversation_id, m.seq, m.role, m.content, m.citations,
    now() - interval '2 days' + m.seq * interval '4 seconds',
    now() - interval '2 days' + m.seq * interval '4 seconds'
  from (values
    (1, 'visitor', 'How long does delivery take?', '[]'::jsonb),
    (2, 'assistant', 'Delivery within Germany takes two to three working days.',
      (select jsonb_build_array(jsonb_build_object('sourceId', s.id, 'title', s.title,
         'url', s.url, 'page', null,
         'snippet', 'Delivery within Germany takes two to three working days.'))
       from public.knowledge_sources s
       where s.agent_id = v_agent_id and s.title = 'Shipping'))
  ) as m (seq, role, content, citations);

  v_visitor_id := gen_random_uuid();
  insert into public.visitors (id, user_id, agent_id, first_seen_at, last_seen_at)
  values (v_visitor_id, p_user_id, v_agent_id, now() - interval '3 hours', now() - interval '3 hours');
  insert into public.conversations (user_id, agent_id, visitor_id, status, last_seq, message_count,
    subject, preview, last_message_at, created_at, updated_at)
  values (p_user_id, v_agent_id, v_visitor_id, 'active', 3, 3, 'Wholesale prices',
    'Great, please send me a price list.', now() - interval '3 hours',
    now() - interval '3 hours', now() - interval '3 hours')
  returning id into v_conversation_id;
  insert into public.messages (user_id, conversation_id, seq, role, content, citations, created_at,
    updated_at)
  select p_user_id, v_conversation_id, m.seq, m.role, m.content, m.citations,
    now() - interval '3 hours' + m.seq * interval '9 seconds',
    now() - interval '3 hours' + m.seq * interval '9 seconds'
  from (values
    (1, 'visitor', 'Do you have wholesale prices for a restaurant?', '[]'::jsonb),
    (2, 'assistant', 'Companies and restaurants get wholesale prices from 5 kilograms per order.',
      (select jsonb_build_array(jsonb_build_object('sourceId', s.id, 'title', s.title,
         'url', s.url, 'page', null,
         'snippet', 'Companies and restaurants get wholesale prices from 5 kilograms per order.'))
       from public.knowledge_sources s
       where s.agent_id = v_agent_id and s.title = 'Contact')),
    (3, 'visitor', 'Great, please send me a price list.', '[]'::jsonb)
  ) as m (seq, role, content, citations);
  insert into public.leads (user_id, agent_id, conversation_id, visitor_id, name, email, phone,
    company, job_title, message, score, reasons, created_at, updated_at)
  values (p_user_id, v_agent_id, v_conversation_id, v_visitor_id, 'Mara Lindqvist',
    'mara@cafe-nordlicht.example', '+49 40 555 0199', 'Cafe Nordlicht', 'Owner',
    'Please send me the wholesale price list.', 82,
    '[{"criterion":"contact","points":40,"note":"e-mail and phone given"},
      {"criterion":"company","points":22,"note":"company and position given"},
      {"criterion":"intent","points":20,"note":"asks for a price list"}]',
    now() - interval '3 hours', now() - interval '3 hours');
  return v_agent_id;
end
$$;
