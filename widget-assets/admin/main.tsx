// Entry of the admin app: sign-in, live inbox and leads for the people of an account. Talks to the
// server it came from and to nobody else.
import { createRoot } from 'react-dom/client';
import './admin.css';
import { App } from './components/App';
import { startSession } from './state/session';

// React Aria puts one inline style sheet into the page unless an element with this id is there; the
// Content-Security-Policy forbids inline styles, and css/base.css holds its one rule.
const marker = document.createElement('meta');
marker.id = 'react-aria-pressable-style';
document.head.append(marker);

startSession();
const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
