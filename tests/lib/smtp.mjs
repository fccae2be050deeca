// A mail server for tests: keeps what it is given, and refuses what a test says it shall.
//
//   const smtp = await startSmtp();                        // smtp.port
//   const mail = await smtp.next('ann@example.test');      // {from, to, headers, text, link, code}
//   smtp.refuse = (command) => command.startsWith('RCPT') ? '450 later' : null;
//
// `tls`: a host name; mails are taken behind STARTTLS only, with a certificate of its own for that name
// (smtp.caFile says who vouches for it). `login`: [user, password], without which nothing is taken.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { eventually } from './server.mjs';

export class SmtpServer {
  constructor({ tls: name, login } = {}) {
    this.login = login;
    if (name) this.certify(name);
    this.mails = [];
    this.commands = [];
    this.refuse = () => null; // (command) => the line to answer instead, or null
    this.read = 0;
    this.sockets = new Set();
  }

  certify(name) {
    this.folder = mkdtempSync(path.join(os.tmpdir(), 'chatpad-smtp-'));
    const [key, cert] = [path.join(this.folder, 'key.pem'), path.join(this.folder, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
      '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    this.caFile = cert;
    this.context = tls.createSecureContext({ key: readFileSync(key), cert: readFileSync(cert) });
  }

  async start() {
    this.server = net.createServer((socket) => {
      socket.write('220 test\r\n');
      this.talk(socket);
    });
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    return this;
  }

  talk(socket) {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {});
    let buffer = '';
    let data = null; // the lines of a message under way
    let mail = { to: [] };
    let credentials = false; // the next line is a login
    let user = null;
    const secure = socket instanceof tls.TLSSocket;
    const say = (line) => socket.write(`${line}\r\n`);
    const enter = (given) => {
      const [, name, password] = Buffer.from(given, 'base64').toString().split('\0');
      if (this.login && (name !== this.login[0] || password !== this.login[1])) return say('535 no');
      user = name;
      return say('235 welcome');
    };
    const command = (line) => {
      if (credentials) {
        credentials = false;
        return enter(line);
      }
      this.commands.push(line);
      const refusal = this.refuse(line);
      if (refusal) return say(refusal);
      const verb = line.slice(0, 4).toUpperCase();
      const more = this.context && !secure ? '250-STARTTLS\r\n' : '250-AUTH PLAIN\r\n';
      if (verb === 'EHLO') return socket.write(`250-test\r\n${more}250 8BITMIME\r\n`);
      if (line.toUpperCase() === 'STARTTLS' && this.context && !secure) {
        say('220 go on');
        socket.removeAllListeners('data');
        return this.talk(new tls.TLSSocket(socket, { isServer: true, secureContext: this.context }));
      }
      if (verb === 'MAIL' && ((this.context && !secure) || (this.login && user === null))) return say('530 not like this');
      if (verb === 'MAIL') mail = { from: /<([^>]*)>/.exec(line)[1], to: [], secure, user };
      if (verb === 'RCPT') mail.to.push(/<([^>]*)>/.exec(line)[1]);
      if (verb === 'DATA') {
        data = [];
        return say('354 go on');
      }
      if (verb === 'AUTH') {
        credentials = line.split(' ').length === 2;
        return credentials ? say('334 ') : enter(line.split(' ')[2]);
      }
      if (verb === 'QUIT') return socket.end('221 bye\r\n');
      return say('250 ok');
    };
    const line = (text) => {
      if (data === null) return command(text);
      if (text !== '.') return data.push(text.startsWith('..') ? text.slice(1) : text);
      const refusal = this.refuse('.');
      if (!refusal) this.mails.push({ ...mail, ...parse(data) });
      data = null;
      return say(refusal ?? '250 taken');
    };
    socket.on('data', (bytes) => {
      buffer += bytes.toString('latin1');
      for (let at = buffer.indexOf('\r\n'); at >= 0; at = buffer.indexOf('\r\n')) {
        const text = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        line(text);
      }
    });
  }

  // The next mail to this address that no test has taken yet.
  async next(to) {
    return eventually(`a mail to ${to}`, () => {
      const found = this.mails.find((mail) => !mail.taken && mail.to.includes(to));
      if (found) found.taken = true;
      return found;
    });
  }
  count(to) {
    return this.mails.filter((mail) => mail.to.includes(to)).length;
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}

function parse(lines) {
  const empty = lines.indexOf('');
  const headers = {};
  for (const line of lines.slice(0, empty).join('\n').replace(/\n[ \t]/g, ' ').split('\n')) {
    const [name, value] = [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()];
    headers[name.toLowerCase()] = value;
  }
  const text = Buffer.from(lines.slice(empty + 1).join(''), 'base64').toString();
  const link = /https?:\/\/\S+/.exec(text)?.[0];
  return { headers, text, link, code: /^(\d{6})$/m.exec(text)?.[1] };
}

export const startSmtp = (options) => new SmtpServer(options).start();
