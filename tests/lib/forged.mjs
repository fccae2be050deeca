// Tokens that nobody of ours made, each wrong in one way, and genuine ones of every allowed shape.
//
//   forgeries({ person, visitor, secret, pairs })       ->  [[what is wrong, token], ...]
//   genuine({ person, visitor, anon, secret, pairs })   ->  [[what is odd, token], ...]
//
// `person`, `visitor` and `anon` are tokens as the server made them, `pairs` such of its key pairs. A forgery is one change away from
// a token that is accepted, and signed with the real secret unless the signature is what is wrong: so
// a refusal has one cause. Printable ASCII only, without blanks, so that every way in can carry them.
import { createHash, createHmac, createPublicKey, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { claimsOf } from './callers.mjs';

const HOUR = 3600;
const b64 = (value) => Buffer.from(typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value)).toString('base64url');
const mac = (text, secret, hash = 'sha256') => createHmac(hash, secret).update(text).digest('base64url');
export const now = () => Math.floor(Date.now() / 1000);

// Header and claims may be text that is no JSON.
export function hs256(claims, secret, header = { alg: 'HS256', typ: 'JWT' }, hash = 'sha256') {
  const signed = `${b64(header)}.${b64(claims)}`;
  return `${signed}.${mac(signed, secret, hash)}`;
}
const inText = (claims, from, to) => JSON.stringify(claims).replace(from, to);

const ALGORITHMS = ['none', 'None', 'nOnE', 'NONE', '', 'hs256', 'Hs256', 'HS256 ', ' HS256', 'HS-256', 'HS25', 'HS2566',
  'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES256K', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'EdDSA',
  'A128KW', 'dir', 'RSA-OAEP', 'HS256\u0000', 'HS256\n', '*'];

function wrongAlgorithms({ claims, secret }) {
  const out = [];
  for (const alg of ALGORITHMS) {
    const hash = { HS384: 'sha384', HS512: 'sha512' }[alg] ?? 'sha256';
    out.push([`alg ${JSON.stringify(alg)}`, hs256(claims, secret, { alg, typ: 'JWT' }, hash)]);
    out.push([`alg ${JSON.stringify(alg)}, no signature`, `${b64({ alg, typ: 'JWT' })}.${b64(claims)}.`]);
  }
  for (const alg of [null, true, 256, ['HS256'], { HS256: 1 }]) out.push([`alg ${JSON.stringify(alg)}`, hs256(claims, secret, { alg, typ: 'JWT' })]);
  out.push(['no alg', hs256(claims, secret, { typ: 'JWT' })], ['ALG', hs256(claims, secret, { ALG: 'HS256' })]);
  return out;
}

function wrongHeaders({ claims, secret }) {
  const out = [];
  const put = (what, more) => out.push([what, hs256(claims, secret, { alg: 'HS256', typ: 'JWT', ...more })]);
  for (const kid of ['../../dev/null', '/etc/passwd', "' or 1=1 --", 'unknown', '', null, 1, [], {}, 'a\u0000', 'http://127.0.0.1:9/', 'x'.repeat(4000),
    '00000000-0000-4000-8000-000000000000', '..%2f..%2fdev%2fnull', '|whoami', '$(id)', '{{7*7}}', 'HS256']) put(`kid ${JSON.stringify(kid)}`.slice(0, 60), { kid });
  for (const [name, values] of Object.entries({
    jku: ['http://127.0.0.1:9/jwks.json', 'file:///etc/passwd', ''], x5u: ['http://127.0.0.1:9/x.pem', ''],
    jwk: [{ kty: 'oct', k: b64('k'.repeat(32)) }, { kty: 'RSA', n: 'AQAB', e: 'AQAB' }, {}], x5c: [['MIIB'], []], x5t: ['x'], 'x5t#S256': ['x'],
    crit: [['x'], ['exp'], [], 'exp'], b64: [false, true], zip: ['DEF'], cty: ['JWT', ''], enc: ['A128GCM'],
  })) for (const value of values) put(`${name} ${JSON.stringify(value)}`.slice(0, 60), { [name]: value });
  for (const typ of ['jwt', 'Jwt', 'at+jwt', 'JWE', 'JOSE', '', null, 1, ['JWT'], 'application/jwt', true]) put(`typ ${JSON.stringify(typ)}`, { typ });
  for (const header of ['', '{}', '[]', 'null', '1', '"HS256"', '{', '{"alg":"HS256","alg":"HS256"}', '{"alg":"none","alg":"HS256"}',
    '{"alg":"HS256","alg":"none"}', '{"alg":"HS256","typ":"JWT","typ":"JWT"}', '{"alg":"HS256","\\u0061lg":"none"}', '[{"alg":"HS256"}]',
    '{"alg":"HS256"}{}', '{"alg":"HS256"} x', '\ufeff{"alg":"HS256"}', '{"alg":"HS256",}', "{'alg':'HS256'}", '{"alg":"HS256","x":"\\u0000"}',
    '{"alg":"HS256","x":1e999}', `{"alg":"HS256","x":${'['.repeat(40)}${']'.repeat(40)}}`]) {
    out.push([`header ${header}`.slice(0, 60), hs256(claims, secret, header)]);
  }
  return out;
}

function wrongDates({ claims, secret }) {
  const out = [];
  const put = (what, more) => out.push([what, hs256({ ...claims, ...more }, secret)]);
  const raw = (name, text) => out.push([`${name} ${text}`, hs256(inText({ ...claims, [name]: 77777 }, `"${name}":77777`, `"${name}":${text}`), secret)]);
  const later = now() + HOUR;
  for (const exp of [now() - HOUR, now() - 1, now(), 0, 1, -1, -later]) put(`exp ${exp - now()} s from now`, { exp });
  for (const text of [`"${later}"`, `${later}.5`, `${later}.0`, '1e30', '4e9', 'true', 'false', 'null', '[]', '{}', `[${later}]`, '""', '"tomorrow"',
    '18446744073709551615', '9223372036854775808', '99999999999999999999999999', '-0.0']) raw('exp', text);
  put('no exp', { exp: undefined });
  for (const name of ['nbf', 'iat']) {
    for (const ahead of [60, HOUR, 10 * HOUR, 1e9]) put(`${name} in ${ahead} s`, { [name]: now() + ahead });
    for (const text of [`"${now()}"`, `${now()}.5`, '1.7e9', '1e30', '-1', 'true', 'null', '[]', '{}', '18446744073709551615']) raw(name, text);
  }
  return out;
}

function wrongClaims({ claims, secret, visitorClaims }) {
  const out = [];
  const put = (what, more) => out.push([what, hs256({ ...claims, ...more }, secret)]);
  for (const role of ['postgres', 'authenticator', 'service_authenticator', 'chatpad_owner', 'replicator', 'api_key', 'supabase_admin', 'Anon', 'anon ',
    '', null, 1, true, ['authenticated'], { authenticated: 1 }, 'anon;reset role', 'SERVICE_ROLE', 'none', 'public', 'anon\u0000']) put(`role ${JSON.stringify(role)}`, { role });
  put('no role', { role: undefined });
  for (const aud of ['', 'somebody', 'Authenticated', 'authenticated ', [], ['authenticated'], ['authenticated', 'x'], null, 1, true, {}]) put(`aud ${JSON.stringify(aud)}`, { aud });
  put('no aud of a person', { aud: undefined });
  for (const iss of ['', 'evil', `${claims.iss}/`, claims.iss.replace('/auth/v1', ''), claims.iss.replace('http:', 'https:'), claims.iss.replace('127.0.0.1', 'localhost'),
    'Supabase', ['supabase'], null, 1, {}, 'supabase\u0000', `http://evil.example/?${claims.iss}`]) put(`iss ${JSON.stringify(iss)}`, { iss });
  for (const sub of ['', 'x', "x' or 1=1", `${claims.sub}\u0000`, `${claims.sub} `, claims.sub.slice(1), `{${claims.sub}}x`, null, 1, true, [], {}, [claims.sub], 'x'.repeat(1025)]) put(`sub ${JSON.stringify(sub)}`.slice(0, 60), { sub });
  put('no sub', { sub: undefined });
  for (const session_id of ['x', '1', "' or 1=1", 'null', `${claims.session_id}x`, claims.session_id.slice(1), null, 1, true, [], {}, [claims.session_id]]) put(`session_id ${JSON.stringify(session_id)}`, { session_id });
  for (const name of ['email', 'agent_id', 'account_id', 'origin']) {
    for (const value of [null, 1, true, [], {}, 'a\u0000b', 'x'.repeat(1025)]) put(`${name} ${JSON.stringify(value)}`.slice(0, 60), { [name]: value });
  }
  for (const name of ['sub', 'agent_id', 'account_id']) {
    for (const value of ['', 'x', undefined, null, `${visitorClaims[name]}0`, [visitorClaims[name]]]) {
      out.push([`visitor with ${name} ${JSON.stringify(value)}`, hs256({ ...visitorClaims, [name]: value }, secret)]);
    }
  }
  return out;
}

function wrongPayloads({ claims, secret }) {
  const out = [];
  const put = (what, text) => out.push([what.slice(0, 60), hs256(text, secret)]);
  const text = JSON.stringify(claims);
  for (const name of ['role', 'sub', 'exp', 'aud', 'iss', 'session_id', 'iat']) {
    put(`${name} twice`, text.replace('{', `{${JSON.stringify(name)}:${JSON.stringify(claims[name])},`));
    put(`${name} twice, once escaped`, text.replace('{', `{"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":${JSON.stringify(claims[name])},`));
  }
  put('role twice, service first', text.replace('{', '{"role":"service_role",'));
  put('a list', `[${text}]`);
  for (const payload of ['', '{}', '[]', 'null', '1', '"x"', '{', text.slice(0, -1), `${text}x`, `${text}{}`, `\ufeff${text}`, text.replace(/}$/, ',}'), text.replaceAll('"', "'")]) put(`payload ${payload}`, payload);
  for (const depth of [17, 100, 1000, 2500]) put(`depth ${depth}`, text.replace(/}$/, `,"x":${'['.repeat(depth)}${']'.repeat(depth)}}`));
  put('half a surrogate', text.replace(/}$/, ',"x":"\\ud800"}'));
  put('a NUL in a name', text.replace(/}$/, ',"x\\u0000":1}'));
  put('a number too large', text.replace(/}$/, ',"x":1e999}'));
  const bytes = Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"'), Buffer.from([0xff]), Buffer.from('"}')]);
  out.push(['bytes that are no UTF-8', hs256(bytes, secret)]);
  out.push(['just too large', hs256({ ...claims, pad: 'x'.repeat(6200) }, secret).padEnd(8193, 'A')], ['too large, signed', hs256({ ...claims, pad: 'x'.repeat(6000) }, secret)]);
  return out.filter(([what, token]) => what !== 'too large, signed' || token.length > 8192);
}

function wrongSignatures({ token, claims, secret }) {
  const out = [];
  const [header, payload, signature] = token.split('.');
  const head = `${header}.${payload}`;
  const put = (what, forged) => out.push([what, `${head}.${forged}`]);
  for (let cut = 1; cut <= 43; cut += 1) put(`signature less ${cut}`, signature.slice(0, 43 - cut));
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (const last of alphabet) if (last !== signature[42]) put(`last character ${last}`, signature.slice(0, 42) + last);
  for (let i = 0; i < 42; i += 3) put(`signature changed at ${i}`, signature.slice(0, i) + (signature[i] === 'A' ? 'B' : 'A') + signature.slice(i + 1));
  for (const tail of [`${signature}=`, `${signature}==`, `${signature}A`, `${signature}.`, `${signature}.x`, `.${signature}`, signature + signature, 'A'.repeat(43), '-'.repeat(43),
    Buffer.from(signature, 'base64url').toString('base64'), Buffer.from(signature, 'base64url').toString('hex'), createHash('sha256').update(head).digest('base64url')]) put(`signature ${tail}`.slice(0, 60), tail);
  for (const [what, key] of [['another secret', randomBytes(40).toString('hex')], ['no secret', ''], ['a longer secret', `${secret}x`], ['half the secret', secret.slice(0, 32)],
    ['the decoded secret', Buffer.from(secret, 'base64url')], ['the word secret', 'secret'], ['a famous secret', 'super-secret-jwt-token-with-at-least-32-characters-long']]) put(`signed with ${what}`, mac(head, key));
  for (const hash of ['sha1', 'sha384', 'sha512', 'md5']) put(`signed with ${hash}`, mac(head, secret, hash));
  put('a cut sha512', mac(head, secret, 'sha512').slice(0, 43));
  const service = `${header}.${b64({ ...claims, role: 'service_role' })}`;
  out.push(['another payload under the signature', `${service}.${signature}`], ['another header under the signature', `${b64({ alg: 'HS256', typ: 'JWT', x: 1 })}.${payload}.${signature}`]);
  for (const odd of ['a.b.c', '...', '..', head, `.${payload}.${signature}`, `${header}..${signature}`, `${header}=.${payload}.${signature}`,
    `${header}.${payload}=.${signature}`, `x${token}`, `${token}x`, token.toUpperCase(), token.split('').reverse().join(''), `${signature}.${payload}.${header}`, `Bearer.${payload}.${signature}`,
    `${token}.${token}`, `${header}.${payload}.${signature}.a.b`, 'not-a-token', 'null', 'undefined', '[object.Object.x]', `${header}.${payload}.${encodeURIComponent('é')}`]) out.push([`the text ${odd}`.slice(0, 60), odd]);
  return out;
}

// What passes for RS256 and ES256 where a token chooses its key: signed with keys of the forger's own,
// and HMACs whose secret is a public key.
function foreignKeys({ claims }) {
  const out = [];
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  for (const [alg, { privateKey, publicKey }] of [['RS256', rsa], ['ES256', ec]]) {
    for (const more of [{}, { kid: 'mine' }, { jwk: publicKey.export({ format: 'jwk' }) }]) {
      const signed = `${b64({ alg, typ: 'JWT', ...more })}.${b64(claims)}`;
      out.push([`${alg} with a key of one's own ${Object.keys(more)}`, `${signed}.${createSign('sha256').update(signed).sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`]);
    }
    out.push(...confused(claims, publicKey.export({ format: 'jwk' }), { alg: 'HS256', typ: 'JWT' }, `${alg} key of one's own`));
  }
  return out;
}

// HS256 with a public key as its secret, in each form somebody may have stored it in.
export function confused(claims, jwk, header, whose) {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const pem = key.export({ type: 'spki', format: 'pem' });
  const forms = { pem, 'pem without its last line end': pem.trimEnd(), 'pem with CRLF': pem.replaceAll('\n', '\r\n'), der: key.export({ type: 'spki', format: 'der' }), jwk: JSON.stringify(jwk), 'one member': jwk.n ?? jwk.x };
  return Object.entries(forms).map(([form, secret]) => [`HS256 over the ${form} of the ${whose}`, hs256(claims, secret, header)]);
}

// Around a token that the server signed with a pair of keys: `pairs` is [{ token, jwk }, ...], one per
// algorithm, `jwk` as jwks.json has it.
function wrongPairs({ claims, secret, pairs }) {
  const out = [];
  for (const { token, jwk } of pairs) {
    const [header, payload, signature] = token.split('.');
    const { alg, kid } = jwk;
    const others = pairs.filter((pair) => pair.jwk.kid !== kid).map((pair) => pair.jwk);
    const foreign = alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signed = (head, key = foreign.privateKey, hash = 'sha256') => {
      const text = `${b64(head)}.${b64(claims)}`;
      return `${text}.${createSign(hash).update(text).sign({ key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
    };
    const put = (what, forged) => out.push([`${alg}: ${what}`, forged]);
    put('a key of one\'s own under this kid', signed({ alg, typ: 'JWT', kid }));
    put('the same with its jwk', signed({ alg, typ: 'JWT', kid, jwk: foreign.publicKey.export({ format: 'jwk' }) }));
    put('without its kid', `${b64({ alg, typ: 'JWT' })}.${payload}.${signature}`);
    put('its payload changed', `${header}.${b64({ ...claims, role: 'service_role' })}.${signature}`);
    for (const other of ['none', 'HS256', 'HS384', 'HS512', 'ES256K', 'ES384', 'ES512', 'RS384', 'RS512', 'PS256', 'EdDSA', alg.toLowerCase()]) {
      put(`renamed ${other}`, `${b64({ alg: other, typ: 'JWT', kid })}.${payload}.${signature}`);
      put(`renamed ${other}, no signature`, `${b64({ alg: other, typ: 'JWT', kid })}.${payload}.`);
      if (/^(HS256|ES256|RS256)$/.test(other)) put(`the secret as ${other}`, hs256(claims, secret, { alg: other, typ: 'JWT', kid }));
    }
    for (const other of others) {
      put('the kid of another algorithm', `${b64({ alg, typ: 'JWT', kid: other.kid })}.${payload}.${signature}`);
      put('the name and kid of another algorithm', `${b64({ alg: other.alg, typ: 'JWT', kid: other.kid })}.${payload}.${signature}`);
    }
    for (const wrong of [`${kid}0`, kid.slice(1), kid.toUpperCase(), ` ${kid}`, `${kid}\u0000`, [kid], { kid }, null, '00000000-0000-4000-8000-000000000000', `../${kid}`]) {
      put(`kid ${JSON.stringify(wrong)}`, `${b64({ alg, typ: 'JWT', kid: wrong })}.${payload}.${signature}`);
      put(`kid ${JSON.stringify(wrong)}, signed`, signed({ alg, typ: 'JWT', kid: wrong }));
    }
    for (const head of [{ alg: 'HS256', typ: 'JWT' }, { alg: 'HS256', typ: 'JWT', kid }]) out.push(...confused(claims, jwk, head, `${alg} key ${head.kid ? 'by its kid' : ''}`));
    const bytes = Buffer.from(signature, 'base64url');
    const tail = (what, raw) => put(what, `${header}.${payload}.${Buffer.isBuffer(raw) ? raw.toString('base64url') : raw}`);
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 16)) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1;
      tail(`signature changed at ${at}`, changed);
    }
    tail('signature longer', Buffer.concat([bytes, Buffer.from([0])]));
    tail('signature behind a zero', Buffer.concat([Buffer.from([0]), bytes]));
    tail('signature shorter', bytes.subarray(0, -1));
    tail('half a signature', bytes.subarray(0, bytes.length / 2));
    tail('signature twice', Buffer.concat([bytes, bytes]));
    tail('zeros', Buffer.alloc(bytes.length));
    tail('ones', Buffer.alloc(bytes.length, 0xff));
    tail('padded', `${signature}=`);
    if (alg === 'ES256') {
      const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
      const [r, s] = [bytes.subarray(0, 32), bytes.subarray(32)];
      const number = (value) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
      const integer = (half) => Buffer.concat([Buffer.from([2, half[0] & 0x80 ? 33 : 32]), half[0] & 0x80 ? Buffer.concat([Buffer.from([0]), half]) : half]);
      const body = Buffer.concat([integer(r), integer(s)]);
      tail('DER', Buffer.concat([Buffer.from([0x30, body.length]), body]));
      tail('the other s', Buffer.concat([r, number(ORDER - BigInt(`0x${s.toString('hex')}`))]));
      for (const [what, left, right] of [['r 0', 0n, null], ['s 0', null, 0n], ['r and s 0', 0n, 0n], ['r the order', ORDER, null], ['s the order', null, ORDER], ['r and s 1', 1n, 1n],
        ['s and r', BigInt(`0x${s.toString('hex')}`), BigInt(`0x${r.toString('hex')}`)]]) tail(what, Buffer.concat([left === null ? r : number(left), right === null ? s : number(right)]));
    }
  }
  return out;
}

export function forgeries({ person, visitor, secret, pairs = [] }) {
  const claims = claimsOf(person);
  const from = { token: person, claims, secret, pairs, visitorClaims: claimsOf(visitor) };
  const made = [wrongAlgorithms, wrongHeaders, wrongDates, wrongClaims, wrongPayloads, wrongSignatures, foreignKeys, wrongPairs].flatMap((make) => make(from));
  return [...new Map(made.map(([what, token]) => [token, [what, token]])).values()]; // each text once
}

export function genuine({ person, visitor, anon, secret, pairs = [] }) {
  const claims = claimsOf(person);
  const out = [['a person', person], ['a visitor', visitor], ['the anon key', anon], ...pairs.map(({ token, jwk }) => [jwk.alg, token])];
  const put = (what, more, header) => out.push([what, hs256(typeof more === 'string' ? more : { ...claims, ...more }, secret, header)]);
  put('no session_id', { session_id: undefined });
  put('no iss', { iss: undefined });
  put('neither session_id nor iss', { session_id: undefined, iss: undefined });
  put('iss supabase', { iss: 'supabase' });
  put('no iat', { iat: undefined });
  put('the least a person needs', JSON.stringify({ role: 'authenticated', aud: 'authenticated', sub: claims.sub, exp: now() + 60 }));
  put('the least anybody needs', JSON.stringify({ role: 'anon', exp: now() + 60 }));
  put('the service', JSON.stringify({ role: 'service_role', iss: 'supabase', iat: 0, exp: 4_000_000_000 }));
  put('nbf and iat now', { nbf: now(), iat: now() });
  put('iat of a clock that is a little ahead', { iat: now() + 3, nbf: now() + 3 });
  put('exp in the far future', { exp: 9_000_000_000_000 });
  put('blanks between everything', JSON.stringify(claims, null, 2));
  put('another order', JSON.stringify(Object.fromEntries(Object.entries(claims).reverse())));
  put('claims nobody knows', { azp: 'x', scope: 'a b', nonce: 1.5, amr: [], deep: { a: [[[[1]]]] } });
  put('no typ', {}, { alg: 'HS256' });
  put('typ first', {}, { typ: 'JWT', alg: 'HS256' });
  put('a header member nobody knows', {}, { alg: 'HS256', typ: 'JWT', x: 1 });
  put('blanks in the header', {}, '{ "alg" : "HS256" , "typ" : "JWT" }');
  put('letters of the world', { user_metadata: { name: 'Zoë 李 🙂 \u202e' }, email: 'zoë@example.test' });
  put('escapes', JSON.stringify(claims).replace('"role"', '"r\\u006fle"'));
  put('fat metadata', { app_metadata: { pad: 'x'.repeat(4000) } });
  return out;
}
