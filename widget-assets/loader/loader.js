// The ChatPad widget: one script line on a page shows a chat button.
//
//   <script src="https://chat.example/functions/v1/serve-widget" data-agent-id="…" async></script>
//
// No dependency, no cookie, no request to anybody but the server it came from. Everything a visitor
// or an agent says is put on the page as text, never as markup. The server is asked only when the
// visitor shows interest.
(() => {
  'use strict';
  const script = document.currentScript;
  const agentId = script?.dataset.agentId;
  if (!agentId) {
    console.error('ChatPad: the script line needs data-agent-id.');
    return;
  }
  if (window.ChatPad?.agentId === agentId) return;
  const server = new URL(script.src).origin;
  const memoryKey = `chatpad:${agentId}`;
  const memory = load();
  const state = { token: '', expiresAt: 0, config: null, status: 'active', lastSeq: 0, busy: false };
  let pollTimer = 0;

  function load() {
    try {
      return JSON.parse(localStorage.getItem(memoryKey)) ?? {};
    } catch {
      return {};
    }
  }
  function save() {
    try {
      localStorage.setItem(memoryKey, JSON.stringify(memory));
    } catch {
      // Storage is off: the conversation lasts as long as the page.
    }
  }

  async function post(name, body, token) {
    const response = await fetch(`${server}/functions/v1/${name}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    throw Object.assign(new Error(problem.message ?? 'The chat is not available right now.'), problem);
  }

  // A token lives a quarter of an hour; a minute before its end it is renewed.
  async function token() {
    if (state.token && Date.now() < state.expiresAt - 60_000) return state.token;
    const config = await (await post('get-widget-config', { agentId, visitorId: memory.visitorId })).json();
    state.config = config;
    state.token = config.visitor.token;
    state.expiresAt = Date.parse(config.visitor.expiresAt);
    memory.visitorId = config.visitor.id;
    save();
    return state.token;
  }

  const host = document.createElement('div');
  host.id = 'chatpad-widget';
  const root = host.attachShadow({ mode: 'open' });
  const style = document.createElement('style');
  style.textContent = `
    :host { all: initial; position: fixed; right: 20px; bottom: 20px; z-index: 2147483000; font: 15px/1.45 system-ui, sans-serif; color: #1a1d21; }
    button { font: inherit; cursor: pointer; }
    .open { width: 56px; height: 56px; border: 0; border-radius: 50%; background: #1f6feb; color: #fff; font-size: 24px; box-shadow: 0 4px 14px #0004; }
    .panel { position: absolute; right: 0; bottom: 72px; width: min(370px, calc(100vw - 40px)); height: min(540px, calc(100vh - 120px)); display: flex; flex-direction: column; background: #fff; border-radius: 12px; box-shadow: 0 8px 30px #0003; overflow: hidden; }
    .panel[hidden] { display: none; }
    header { padding: 12px 16px; background: #1f6feb; color: #fff; font-weight: 600; display: flex; justify-content: space-between; }
    header button { border: 0; background: none; color: inherit; }
    .log { flex: 1; overflow: auto; padding: 12px; display: flex; flex-direction: column; gap: 8px; }
    .m { max-width: 85%; padding: 8px 12px; border-radius: 10px; white-space: pre-wrap; overflow-wrap: anywhere; background: #eef1f5; align-self: flex-start; }
    .m.visitor { background: #1f6feb; color: #fff; align-self: flex-end; }
    .m.note { background: none; color: #59636e; font-size: 13px; }
    .m cite { display: block; margin-top: 6px; font-size: 12px; color: #59636e; }
    form { display: flex; gap: 8px; padding: 10px; border-top: 1px solid #d8dee4; }
    textarea { flex: 1; font: inherit; resize: none; border: 1px solid #848d97; border-radius: 8px; padding: 8px; }
    form button { border: 0; border-radius: 8px; padding: 0 14px; background: #1f6feb; color: #fff; }
    :focus-visible { outline: 3px solid #0a3069; outline-offset: 1px; }
    @media (prefers-color-scheme: dark) { .panel { background: #151b23; color: #f0f6fc; } .m { background: #262c36; } .m.note, .m cite { color: #9198a1; } textarea { background: #0d1117; color: inherit; } }`;
  const el = (tag, attributes = {}, text = '') => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  };
  const opener = el('button', { class: 'open', type: 'button', 'aria-label': 'Open chat', 'aria-expanded': 'false' }, '💬');
  const panel = el('div', { class: 'panel', role: 'dialog', 'aria-label': 'Chat', hidden: '' });
  const header = el('header');
  const title = el('span', {}, 'Chat');
  const closer = el('button', { type: 'button', 'aria-label': 'Close chat' }, '✕');
  const log = el('div', { class: 'log', role: 'log', 'aria-live': 'polite' });
  const form = el('form');
  const box = el('textarea', { rows: '1', 'aria-label': 'Your message', placeholder: 'Write a message …', maxlength: '8000' });
  form.append(box, el('button', { type: 'submit' }, 'Send'));
  header.append(title, closer);
  panel.append(header, log, form);
  root.append(style, opener, panel);

  function show(kind, text) {
    const bubble = el('div', { class: `m ${kind}` }, text);
    log.append(bubble);
    log.scrollTop = log.scrollHeight;
    return bubble;
  }
  function cite(bubble, citations) {
    for (const citation of citations ?? []) {
      const page = citation.page ? `, page ${citation.page}` : '';
      bubble.append(el('cite', {}, `Source: ${citation.title}${page}`));
    }
  }
  function showMessage(message) {
    if (message.seq <= state.lastSeq) return;
    state.lastSeq = message.seq;
    cite(show(message.role === 'visitor' ? 'visitor' : message.role, message.content), message.citations);
  }

  async function catchUp() {
    if (!memory.conversationId) return;
    const body = { conversationId: memory.conversationId, afterSeq: state.lastSeq };
    const page = await (await post('get-messages', body, await token())).json();
    page.messages.forEach(showMessage);
  }

  async function open() {
    panel.hidden = false;
    opener.setAttribute('aria-expanded', 'true');
    box.focus();
    if (state.config) return;
    try {
      await token();
      title.textContent = state.config.agent.name;
      panel.setAttribute('aria-label', `Chat with ${state.config.agent.name}`);
      if (state.config.agent.greeting) show('assistant', state.config.agent.greeting);
      if (!state.config.operatingHours.isOpen) show('note', 'We are closed right now; the assistant answers.');
      await catchUp();
    } catch (error) {
      if (error.code === 'not_found') delete memory.conversationId;
      if (error.code === 'origin_not_allowed') console.error(`ChatPad: ${error.message} Add ${location.origin} to the agent's allowed origins.`);
      show('note', error.message);
    }
  }
  function close() {
    panel.hidden = true;
    opener.setAttribute('aria-expanded', 'false');
    opener.focus();
  }

  // Server-sent events of one answer, one object each.
  async function* events(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      let end;
      while ((end = text.indexOf('\n\n')) >= 0) {
        const data = text.slice(0, end).split('\n').filter((line) => line.startsWith('data:')).map((line) => line.slice(5).trimStart());
        text = text.slice(end + 2);
        if (data.length) yield JSON.parse(data.join('\n'));
      }
    }
  }

  async function ask(message, clientMessageId, attempt = 0) {
    const body = { agentId, message, clientMessageId, conversationId: memory.conversationId, stream: true };
    let bubble;
    try {
      for await (const event of events(await post('widget-chat', body, await token()))) {
        if (event.type === 'token') {
          bubble ??= show('assistant', '');
          bubble.textContent += event.content;
          log.scrollTop = log.scrollHeight;
        } else if (event.type === 'error') {
          show('note', event.message);
        } else if (event.type === 'done') {
          memory.conversationId = event.conversationId;
          save();
          state.status = event.status;
          state.lastSeq = Math.max(state.lastSeq, event.userMessage.seq, event.reply?.seq ?? 0);
          if (event.reply) {
            bubble ??= show('assistant', '');
            bubble.textContent = event.reply.content;
            cite(bubble, event.reply.citations);
          }
          if (event.status === 'human_takeover') followPerson();
        }
      }
    } catch (error) {
      bubble?.remove();
      // The same clientMessageId again is the same message: trying again is safe.
      if (attempt < 3 && !error.code) {
        await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** attempt));
        return ask(message, clientMessageId, attempt + 1);
      }
      show('note', error.message);
    }
  }

  function followPerson() {
    if (pollTimer) return;
    pollTimer = setInterval(() => catchUp().catch(() => {}), 2000);
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const message = box.value.trim();
    if (!message || state.busy) return;
    state.busy = true;
    box.value = '';
    show('visitor', message);
    await ask(message, crypto.randomUUID());
    state.busy = false;
  });
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  root.addEventListener('keydown', (event) => event.key === 'Escape' && close());
  opener.addEventListener('click', () => (panel.hidden ? open() : close()));
  closer.addEventListener('click', close);
  const place = () => document.body.append(host);
  if (document.body) place();
  else document.addEventListener('DOMContentLoaded', place, { once: true });

  window.ChatPad = {
    agentId,
    open,
    close,
    destroy() {
      clearInterval(pollTimer);
      host.remove();
      delete window.ChatPad;
    },
  };
})();
