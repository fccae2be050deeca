// The peer of `jwt`: jose on Node with keys imported once, the same payload and the same checks.
// jose.mjs ALGORITHM TOKENS prints the microseconds of one verified token.
import { SignJWT, generateKeyPair, jwtVerify } from 'jose';

const [name, count] = [process.argv[2].toUpperCase(), Number(process.argv[3])];
const secret = new TextEncoder().encode('a-secret-for-measuring-that-is-long-enough-0123456789');
const keys = name === 'HS256' ? { privateKey: secret, publicKey: secret } : await generateKeyPair(name);
const issuer = 'http://127.0.0.1:8000/auth/v1';
const tokens = await Promise.all(Array.from({ length: count }, (_, i) => new SignJWT({
  iss: issuer, sub: `3b5a3a9c-98b8-4d9f-8a54-1c7e6e${100000 + i}`, aud: 'authenticated', email: 'somebody@example.com', phone: '',
  app_metadata: { provider: 'email', providers: ['email'] }, user_metadata: { display_name: 'Some Body' }, role: 'authenticated', aal: 'aal1',
  amr: [{ method: 'password', timestamp: 1700000000 }], session_id: '0d4a9d0e-6a0c-4f0a-9a51-0d7a3d2a6d0e', is_anonymous: false,
}).setProtectedHeader({ alg: name, typ: 'JWT', kid: '7c1f8f0e-2f0b-4a53-8f0a-2f6f0f0d8c11' }).setIssuedAt().setExpirationTime('1h').sign(keys.privateKey)));
const check = (token) => jwtVerify(token, keys.publicKey, { issuer, audience: 'authenticated', algorithms: [name] });
for (const token of tokens.slice(0, count / 4)) await check(token); // what V8 has to learn
const began = performance.now();
for (const token of tokens) await check(token);
console.log(JSON.stringify({ fresh: (performance.now() - began) * 1000 / count }));
