// The widget's app: in the loader's frame on shop pages, and alone on the hosted page. The document
// says which agent and which of the two (`data-agent-id`, `data-mode`).

import { render } from 'preact';
import { call } from '../shared/api.ts';
import { App } from './app.tsx';
import { frameHost } from './frame_host.ts';
import { createSession } from './session.ts';
import { createStore } from './store.ts';

const { agentId = '', mode } = document.documentElement.dataset;
const host = mode === 'page' ? (await import('./page_host.ts')).pageHost(agentId, call) : frameHost();
const store = createStore();
const session = createSession(agentId, host, store);
render(<App host={host} session={session} store={store} />, document.getElementById('app')!);
void session.start();
