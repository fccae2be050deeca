// A mail server for tests: keeps what it is given, and refuses what a test says it shall.
//
//   const smtp = await startSmtp();                        // smtp.port
//   const mail = await smtp.next('ann@example.test');      // {from, to, headers, text, link, code}
//   smtp.refuse = (command) => command.startsWith('RCPT') ? '450 later' : null;
import net from 'node:net';
import { eventually } from './server.mjs';

export class SmtpServer {
  constructor() {
    this.mails = [];
    this.commands = [];
    this.refuse = () => null; // (command) => the line to answer instead, or null
    this.read = 0;
    this.sockets = new Set();
  }

  async start() {
    this.server = net.createServer((socket) => this.talk(socket));
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
    const say = (line) => socket.write(`${line}\r\n`);
    const command = (line) => {
      if (credentials) {
        credentials = false;
        return say('235 welcome');
      }
      this.commands.push(line);
      const refusal = this.refuse(line);
      if (refusal) return say(refusal);
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'EHLO') return socket.write('250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n');
      if (verb === 'MAIL') mail = { from: /<([^>]*)>/.exec(line)[1], to: [] };
      if (verb === 'RCPT') mail.to.push(/<([^>]*)>/.exec(line)[1]);
      if (verb === 'DATA') {
        data = [];
        return say('354 go on');
      }
      if (verb === 'AUTH') {
        credentials = line.split(' ').length === 2;
        return say(credentials ? '334 ' : '235 welcome');
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
    say('220 test');
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

export const startSmtp = () => new SmtpServer().start();
