// Entry of the admin app: sign-in, live inbox and leads for the people of an account. Talks to the
// server it came from and to nobody else.
import { createRoot } from 'react-dom/client';
import './admin.css';
import { App } from './components/App';
import { startSession } from './state/session';

startSession();
const root = document.getElementById('root');
if (root) createRoot(root).render(<App />);
